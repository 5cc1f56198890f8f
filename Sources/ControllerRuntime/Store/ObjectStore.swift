public import KubernetesModel
import Synchronization

/// The local copy of one kind of object, fed by a watch; reads are snapshots and never wait.
public final class ObjectStore<Object: KubernetesObject>: Sendable {
    private let state = Mutex(StoreState<Object>())
    private let latch = Latch()

    public init() {}

    public subscript(key: ObjectKey) -> Object? { state.withLock { $0.entries[key]?.object } }

    /// Every object at this moment, in no order.
    public var objects: [Object] { state.withLock { $0.entries.values.map(\.object) } }

    public var keys: [ObjectKey] { state.withLock { Array($0.entries.keys) } }

    /// Whether a complete list has arrived.
    public var isSynced: Bool { state.withLock { $0.synced } }

    /// Waits until a complete list has arrived.
    ///
    /// - Throws: `CancellationError`.
    public func waitUntilSynced() async throws { try await latch.wait() }

    /// Takes the response of a write of ours, so that the next read sees it although the watch is behind.
    ///
    /// - Parameters:
    ///   - written: the object as the API server returned it.
    ///   - version: the resourceVersion that was the precondition of that write. Without a precondition do not call this.
    /// - Returns: whether the store now holds `written`. `false` when the watch was ahead: then the store holds something newer.
    @discardableResult
    public func observe(_ written: Object, replacing version: String) -> Bool {
        state.withLock {
            $0.observe(
                written, key: ObjectKey(written), uid: written.uid ?? "", version: written.metadata.resourceVersion ?? "", replacing: version)
        }
    }

    /// Takes one watched object. Returns whether it told us anything new: an echo of our own write does not.
    @discardableResult
    public func apply(_ object: Object) -> Bool {
        state.withLock {
            $0.apply(object, key: ObjectKey(object), uid: object.uid ?? "", version: object.metadata.resourceVersion ?? "")
        }
    }

    /// Takes a watched deletion. Returns whether an object was removed.
    @discardableResult
    public func remove(_ object: Object) -> Bool {
        state.withLock { $0.remove(ObjectKey(object), uid: object.uid ?? "") }
    }

    /// Takes a complete list, atomically. Returns the keys that are new, changed or gone, with what is gone.
    @discardableResult
    public func replace(with objects: [Object]) -> (changed: Set<ObjectKey>, removed: [Object]) {
        let result = state.withLock { state in
            let before = state.entries
            let entries = objects.map { StoreState.Entry(object: $0, uid: $0.uid ?? "", version: $0.metadata.resourceVersion ?? "") }
            let changed = state.replace(with: entries, keys: objects.map { ObjectKey($0) })
            return (changed: changed, removed: before.filter { state.entries[$0.key] == nil }.map(\.value.object))
        }
        latch.open()
        return result
    }
}
