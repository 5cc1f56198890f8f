import KubernetesClient
import KubernetesModel
import Testing

@testable import ControllerRuntime

@Suite("Object store: own writes are never rolled back by the watch")
struct ObjectStoreTests {
    let store = ObjectStore<ConfigMap>()
    let key = ObjectKey(namespace: "shop", name: "a")

    func object(_ version: String, name: String = "a", uid: String = "u1") -> ConfigMap {
        ConfigMap(metadata: ObjectMeta(name: name, namespace: "shop", uid: uid, resourceVersion: version))
    }

    var version: String? { store[key]?.metadata.resourceVersion }

    @Test("the next read sees the write although the watch repeats the old version, then the echo is no news")
    func ownWrite() {
        #expect(store.apply(object("1")))
        #expect(store.observe(object("2")))
        #expect(version == "2")
        #expect(!store.apply(object("1")))
        #expect(version == "2")
        #expect(!store.apply(object("2")))
        #expect(store.apply(object("3")))
        #expect(version == "3")
    }

    @Test("a chain of writes stands although the watch delivers the links one by one")
    func chain() {
        store.apply(object("1"))
        store.observe(object("2"))
        store.observe(object("3"))
        #expect(!store.apply(object("2")))
        #expect(version == "3")
        #expect(!store.apply(object("3")))
    }

    @Test("versions are numbers of any length; others are news when they differ")
    func order() {
        store.apply(object("9"))
        #expect(store.apply(object("10")))
        #expect(store.apply(object("18446744073709551616")))
        #expect(!store.apply(object("9999999999999999999")))
        #expect(store.apply(object("abc")))
        #expect(store.apply(object("1b")))
        #expect(!store.apply(object("1b")))
    }

    @Test("events that come again, or late, change nothing, whichever object of the name they are about; a newer object does")
    func repeated() {
        store.apply(object("5"))
        #expect(!store.apply(object("5")))
        #expect(!store.apply(object("4")))
        #expect(version == "5")
        #expect(store.apply(object("7", uid: "u2")))
        #expect(!store.apply(object("6")), "a late event of the first one")
        #expect(store[key]?.uid == "u2")
    }

    @Test("an event from before a deletion does not bring the object back; one from after it does")
    func lateAfterDeletion() {
        store.apply(object("9"))
        #expect(store.remove(object("11")))
        #expect(!store.apply(object("10")))
        #expect(store.has(ObjectHead(namespace: "shop", name: "a", uid: "u1", resourceVersion: "10")))
        #expect(store[key] == nil)
        #expect(store.apply(object("12", uid: "u2")))
        #expect(!store.remove(object("8", name: "b")), "a deletion may come before everything else of its object")
        #expect(!store.apply(object("7", name: "b")))
    }

    @Test("a removal of ours at an older version than the watch has brought takes that one along")
    func removedByUs() {
        store.apply(object("9"))
        store.apply(object("10"))
        #expect(store.remove(object("9")))
        #expect(!store.apply(object("10")))
    }

    @Test("a complete list ends the memory of deletions, in its own namespace")
    func listAfterDeletion() {
        let other = ConfigMap(metadata: ObjectMeta(name: "a", namespace: "till", uid: "u3", resourceVersion: "30"))
        store.apply(object("50"))
        store.remove(object("51"))
        store.remove(other)
        store.replace(with: [], namespace: "shop")
        #expect(store.apply(object("20")), "etcd was restored from a backup")
        #expect(!store.apply(other))
    }

    @Test("the memory of deletions is bounded, and keeps the latest")
    func manyDeletions() {
        var deletions = Deletions()
        let count = 3 * Deletions.limit
        let keys = (1...count).map { ObjectKey(namespace: "shop", name: "n\($0)") }
        for (number, key) in keys.enumerated() { deletions.note(key, version: "\(number + 1)") }
        let known = keys.filter { deletions.version(of: $0) != nil }
        #expect(known.count <= Deletions.limit)
        #expect(known.count >= Deletions.limit / 2)
        #expect(known == Array(keys.suffix(known.count)))
    }

    @Test("after etcd was restored from a backup the list is the truth although its versions are older")
    func restored() {
        store.apply(object("50"))
        store.observe(object("60"))
        store.apply(object("70", name: "b"))
        #expect(store.replace(with: [object("20"), object("21", name: "b")]).changed.map(\.name) == ["b"], "a may have been listed before our write")
        #expect(store.replace(with: [object("20"), object("21", name: "b")]).changed.map(\.name) == ["a"])
        #expect(version == "20")
    }

    @Test("lists of single namespaces leave the others alone, and the store is complete with the last of them")
    func namespaces() {
        let store = ObjectStore<ConfigMap>(namespaces: ["shop", "till"])
        let other = ConfigMap(metadata: ObjectMeta(name: "b", namespace: "till", uid: "u2", resourceVersion: "1"))
        store.replace(with: [object("1")], namespace: "shop")
        #expect(!store.isSynced)
        store.replace(with: [other], namespace: "till")
        #expect(store.isSynced)
        #expect(store.objects.count == 2)
        #expect(store.replace(with: [], namespace: "shop").removed.map(\.name) == ["a"])
        #expect(store.objects == [other])
    }

    @Test("a version nobody of us wrote is newer when its number is")
    func foreignWrite() {
        store.apply(object("1"))
        store.observe(object("2"))
        #expect(store.apply(object("9")))
        #expect(version == "9")
    }

    @Test("a response that arrives after the watch went on is old news")
    func lateResponse() {
        store.apply(object("1"))
        store.apply(object("2"))
        store.apply(object("3"))
        #expect(!store.observe(object("2")))
        #expect(version == "3")
    }

    @Test("a response for an object that is gone does not bring it back")
    func gone() {
        store.apply(object("1"))
        #expect(store.remove(object("2")))
        #expect(!store.observe(object("2")))
        #expect(store[key] == nil)
    }

    @Test("a write that changed nothing leaves no trace")
    func unchanged() {
        store.apply(object("1"))
        #expect(!store.observe(object("1")))
        #expect(store.apply(object("2")))
    }

    @Test("the deletion of an earlier object of the same name is ignored")
    func recreated() {
        store.apply(object("5", uid: "u2"))
        #expect(!store.remove(object("4", uid: "u1")))
        #expect(version == "5")
    }

    @Test("a list replaces everything at once, keeps a newer own write, and tells what changed")
    func list() {
        #expect(!store.isSynced)
        store.apply(object("1"))
        store.apply(object("1", name: "same"))
        store.apply(object("1", name: "old"))
        store.observe(object("2"))
        let (changed, removed) = store.replace(with: [object("1"), object("1", name: "same"), object("7", name: "new")])
        #expect(changed.map(\.name) == ["new"])
        #expect(removed.map(\.name) == ["old"])
        #expect(version == "2")
        #expect(store.isSynced)
        #expect(store.objects.count == 3)
        #expect(!store.apply(object("1")), "protection survives the list")
    }

    @Test("waiting for the first list ends with it, and with cancellation", .timeLimit(.minutes(5)))
    func synced() async throws {
        let waiting = Task { try await store.waitUntilSynced() }
        let cancelled = Task { try await store.waitUntilSynced() }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        store.replace(with: [])
        try await waiting.value
        try await store.waitUntilSynced()
    }

    @Test("the owner that controls an object is its key in the queue")
    func owner() {
        var job = object("1")
        job.metadata.ownerReferences = [
            OwnerReference(apiVersion: "v1", kind: "Migration", name: "other", uid: "x", controller: false),
            OwnerReference(apiVersion: "v1", kind: "Migration", name: "mine", uid: "y", controller: true),
        ]
        #expect(job.controllerKey(kind: "Migration") == ObjectKey(namespace: "shop", name: "mine"))
        #expect(job.controllerKey(kind: "Job") == nil)
    }
}
