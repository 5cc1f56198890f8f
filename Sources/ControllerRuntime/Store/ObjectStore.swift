public import KubernetesClient
public import KubernetesModel
import Synchronization

/// The local copy of one kind of object, fed by a watch; reads are snapshots and never wait.
public final class ObjectStore<Object: KubernetesObject>: Sendable {
    private let state = Mutex(StoreState<Object>())
    /// The namespaces whose first list has not arrived; `""` stands for all of them together.
    private let awaited: Mutex<Set<String>>
    private let latch = Latch()
    private let listeners = Mutex<[@Sendable ([ObjectKey]) -> Void]>([])

    /// - Parameter namespaces: those that are watched one by one; empty (the default): all, by one watch.
    public init(namespaces: [String] = []) { awaited = Mutex(namespaces.isEmpty ? [""] : Set(namespaces)) }

    public subscript(key: ObjectKey) -> Object? { state.withLock { $0.entries[key]?.object } }

    /// Every object at this moment, in no order.
    public var objects: [Object] { state.withLock { $0.entries.values.map(\.object) } }

    public var keys: [ObjectKey] { state.withLock { Array($0.entries.keys) } }

    /// Whether it holds this version of an object, or a newer one, or was told of its deletion: then an event about it is no news.
    public func has(_ head: ObjectHead) -> Bool { state.withLock { $0.has(ObjectKey(head), version: head.resourceVersion) } }

    /// Whether a complete list (of every watched namespace) has arrived.
    public var isSynced: Bool { latch.isOpen }

    /// Waits until a complete list (of every watched namespace) has arrived.
    ///
    /// - Throws: `CancellationError`.
    public func waitUntilSynced() async throws { try await latch.wait() }

    /// Takes the response of a write of ours, so that the next read sees it although the watch is behind.
    ///
    /// - Parameter written: the object as the API server returned it.
    /// - Returns: whether the store now holds `written`. `false` when the watch was ahead: then the store holds something newer, or nothing.
    @discardableResult
    public func observe(_ written: Object) -> Bool { told([ObjectKey(written)], if: state.withLock { $0.observe(Self.entry(written)) }) }

    /// Takes one watched object. Returns whether it told us anything new: an echo of our own write does not.
    @discardableResult
    public func apply(_ object: Object) -> Bool { told([ObjectKey(object)], if: state.withLock { $0.apply(Self.entry(object)) }) }

    /// Takes a watched deletion. Returns whether an object was removed.
    ///
    /// - Parameter version: of the deletion, where it is not the object's: no older event brings the object back.
    @discardableResult
    public func remove(_ object: Object, at version: String? = nil) -> Bool {
        let (key, version) = (ObjectKey(object), version ?? object.metadata.resourceVersion ?? "")
        return told([key], if: state.withLock { $0.remove(key, uid: object.uid ?? "", version: version) })
    }

    /// Takes a complete list of one namespace, or of all (`nil`), atomically. Returns the keys that are new or changed, and what is gone.
    /// What the list has in a version that cannot be read (`unread`) stays as it is here.
    @discardableResult
    public func replace(
        with objects: [Object], unread: Set<ObjectKey> = [], namespace: String? = nil
    ) -> (changed: Set<ObjectKey>, removed: [Object]) {
        let result = state.withLock { $0.replace(with: objects.map(Self.entry), unread: unread, namespace: namespace) }
        told(Array(result.changed) + result.removed.map { ObjectKey($0) }, if: true)
        let isComplete = awaited.withLock { awaited in
            awaited.remove(namespace ?? "")
            return awaited.isEmpty
        }
        if isComplete { latch.open() }
        return result
    }

    /// Tells about every change from now on, whoever made it, before whoever waits for the first list goes on.
    ///
    /// - Parameter listener: called after the store has changed, by whoever changed it; several may call at once.
    public func tell(_ listener: @escaping @Sendable ([ObjectKey]) -> Void) { listeners.withLock { $0.append(listener) } }

    @discardableResult
    private func told(_ keys: [ObjectKey], if isChanged: Bool) -> Bool {
        if isChanged, !keys.isEmpty { for listener in listeners.withLock({ $0 }) { listener(keys) } }
        return isChanged
    }

    private static func entry(_ object: Object) -> StoreState<Object>.Entry {
        .init(key: ObjectKey(object), object: object, uid: object.uid ?? "", version: object.metadata.resourceVersion ?? "")
    }
}

extension ObjectStore {
    /// Asks the server for one object: after a conflict the watch may be late, or stalled.
    ///
    /// Uses the verb `list`, which whoever watches has.
    public func refresh(_ key: ObjectKey, from client: KubernetesClient) async throws(KubernetesError) {
        let namespace = key.namespace.isEmpty ? nil : key.namespace
        let found = try await client.list(Object.self, namespace: namespace, fields: "metadata.name=\(key.name)")
        if let object = found.items.first {
            apply(object)
        } else if let gone = self[key] {
            remove(gone, at: found.resourceVersion)
        }
    }
}
