import ControllerRuntime
import KubernetesClient
import KubernetesModel
import Logging
import Synchronization
import Testing

@Suite("Controller and informer", .timeLimit(.minutes(5)))
struct ControllerTests {
    let registry = PrometheusRegistry()
    let readiness = HealthChecks(endpoint: "readyz")
    let store = ObjectStore<ConfigMap>()
    let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    let key = ObjectKey(namespace: "shop", name: "a")

    func object(_ version: String, name: String = "a") -> ConfigMap {
        ConfigMap(metadata: ObjectMeta(name: name, namespace: "shop", uid: "u-\(name)", resourceVersion: version))
    }

    @Test("a change is reconciled, an error is tried again, both are counted; cancellation lets a running reconcile end")
    func reconciles() async {
        struct Broken: Error {}
        let runs = Mutex(0)
        let done = Latch()
        let controller = Controller(name: "test", workers: 2, metrics: registry, logger: logger) { key in
            #expect(key == self.key)
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            if run < 3 { throw Broken() }
            done.open()
            return .after(.seconds(3600))
        }
        #expect(registry.text.contains("controller_runtime_reconcile_total{controller=\"test\",result=\"error\"} 0\n"))
        let running = Task { await controller.run() }
        await controller.enqueue([key])
        try? await done.wait()
        running.cancel()
        await running.value
        let text = registry.text
        #expect(text.contains("controller_runtime_reconcile_total{controller=\"test\",result=\"error\"} 2\n"))
        #expect(text.contains("controller_runtime_reconcile_errors_total{controller=\"test\"} 2\n"))
        #expect(text.contains("controller_runtime_reconcile_total{controller=\"test\",result=\"requeue_after\"} 1\n"))
        #expect(text.contains("controller_runtime_reconcile_time_seconds_count{controller=\"test\"} 3\n"))
    }

    @Test("what nobody told about is looked at again from time to time, until the controller ends")
    func rechecks() async {
        let runs = Mutex(0)
        let (key, often) = (key, Latch())
        let controller = Controller(
            name: "test", recheck: Controller.Recheck(every: .milliseconds(5)) { [key] }, metrics: registry, logger: logger
        ) { seen in
            #expect(seen == key)
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            if run == 3 { often.open() }
            return .done
        }
        let running = Task { await controller.run() }
        try? await often.wait()
        running.cancel()
        await running.value
    }

    @Test("the informer fills the store, tells changes but no echoes, and reports readiness")
    func informs() async throws {
        let (outputs, feed) = AsyncStream<WatchOutput<ConfigMap>>.makeStream()
        let (changes, told) = AsyncStream<String>.makeStream()
        let store = store
        let informer = Informer(store: store, readiness: readiness, logger: logger, watch: { _ in outputs }) { changes in
            for change in changes.sorted(by: { $0.object.name < $1.object.name }) {
                switch change {
                case .applied(let object): told.yield("+\(object.name)\(object.metadata.resourceVersion ?? "")")
                case .deleted(let object): told.yield("-\(object.name)")
                }
            }
        }
        #expect(!readiness.report().isPassing)
        let running = Task { try await informer.run() }
        var heard = changes.makeAsyncIterator()
        feed.yield(.replaced([object("1"), object("1", name: "b")]))
        #expect(await heard.next() == "+a1")
        #expect(await heard.next() == "+b1")
        #expect(readiness.report().isPassing)

        store.observe(object("2"))
        feed.yield(.applied(object("2")))
        feed.yield(.applied(object("3")))
        #expect(await heard.next() == "+a3")
        feed.yield(.deleted(object("4")))
        #expect(await heard.next() == "-a")
        feed.yield(.replaced([object("1", name: "c")]))
        #expect(await heard.next() == "-b")
        #expect(await heard.next() == "+c1")
        running.cancel()
        try await running.value
    }

    @Test("a kind the server does not know makes readiness say that its CRD is missing")
    func missingKind() async throws {
        let (outputs, source) = AsyncStream<WatchOutput<ConfigMap>>.makeStream()
        source.yield(.interrupted(KubernetesError(kind: .notFound, verb: "list", resource: "configmaps", status: 404, message: "404 page not found")))
        source.finish()
        let informer = Informer(store: store, readiness: readiness, logger: logger, watch: { _ in outputs }) { _ in }
        try await informer.run()
        #expect("\(readiness.report())".contains("install its CRD"))
    }

    @Test("an object that cannot be read hides no other: its last version stays, it is counted and gone when it is deleted")
    func unreadable() async throws {
        let (outputs, feed) = AsyncStream<WatchOutput<ConfigMap>>.makeStream()
        let (store, registry) = (store, PrometheusRegistry())
        let (changes, told) = AsyncStream<String>.makeStream()
        let informer = Informer(store: store, readiness: readiness, metrics: registry, logger: logger, watch: { _ in outputs }) { changes in
            for change in changes { told.yield("\(change.object.name)\(change.object.metadata.resourceVersion ?? "")") }
        }
        let running = Task { try await informer.run() }
        var heard = changes.makeAsyncIterator()
        func unread(_ version: String, isGone: Bool = false) -> UnreadableObject {
            var object = UnreadableObject(
                ObjectHead(namespace: "shop", name: "a", uid: object("1").uid ?? "", resourceVersion: version), problem: ".spec.x is no String")
            object.isGone = isGone
            return object
        }
        func count(_ number: Int) -> Bool { registry.text.contains("informer_unreadable_objects{resource=\"configmaps\"} \(number)\n") }
        feed.yield(.replaced([object("1"), object("1", name: "b")]))
        let first = [await heard.next(), await heard.next()]
        #expect(Set(first) == ["a1", "b1"])
        #expect(count(0))
        feed.yield(.unreadable(unread("2")))
        feed.yield(.applied(object("2", name: "b")))
        #expect(await heard.next() == "b2")
        #expect(count(1))
        feed.yield(.replaced([object("3", name: "b")], unreadable: [unread("2")]))
        #expect(await heard.next() == "b3")
        #expect(store[key]?.metadata.resourceVersion == "1")
        feed.yield(.unreadable(unread("4", isGone: true)))
        #expect(await heard.next() == "a1")
        #expect(count(0))
        #expect(store.objects.map(\.name) == ["b"])
        running.cancel()
        try await running.value
    }

    @Test("each namespace is watched by itself, and readiness names the one that is denied")
    func namespaces() async throws {
        let (shop, feed) = AsyncStream<WatchOutput<ConfigMap>>.makeStream()
        let (till, denied) = AsyncStream<WatchOutput<ConfigMap>>.makeStream()
        let store = ObjectStore<ConfigMap>(namespaces: ["till", "shop"])
        let informer = Informer(
            store: store, namespaces: ["till", "shop"], readiness: readiness, logger: logger, watch: { $0 == "shop" ? shop : till },
            onChange: { _ in })
        feed.yield(.replaced([object("1")]))
        denied.yield(.interrupted(KubernetesError(kind: .forbidden, verb: "list", resource: "configmaps", namespace: "till", message: "no")))
        feed.finish()
        denied.finish()
        try await informer.run()
        #expect(store.objects.map(\.name) == ["a"])
        #expect(!store.isSynced)
        let text = readiness.report().text(verbose: true)
        #expect(text.contains("[+]watch-configmaps-shop ok\n"))
        #expect(text.contains("[-]watch-configmaps-till failed: list configmaps in namespace till: no (grant the verb 'list'"), "\(text)")
    }
}
