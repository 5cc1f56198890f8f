/// The local copy of one kind of object as a value, with protection of our own writes.
///
/// A resourceVersion is opaque: only equality means anything. So that a status we just wrote is what the next decision reads, although the
/// watch is still behind, the state keeps for such an object the versions the write chain replaced, oldest first; a watch event that
/// carries one of them is old news and ignored. The entry ends when the watch delivers our version, or one we do not know: each write
/// in the chain had its predecessor as precondition, so an unknown version can only be newer.
struct StoreState<Object: Sendable>: Sendable {
    struct Entry: Sendable {
        var object: Object
        var uid: String
        var version: String
        /// Versions our own writes replaced and the watch has not passed yet; empty when the watch is level with us.
        var replaced: [String] = []
    }

    private(set) var entries: [ObjectKey: Entry] = [:]
    private(set) var synced = false

    /// Takes one watched object. Returns whether it told us anything new.
    mutating func apply(_ object: Object, key: ObjectKey, uid: String, version: String) -> Bool {
        guard var present = entries[key] else {
            entries[key] = Entry(object: object, uid: uid, version: version)
            return true
        }
        if present.version == version {
            present.replaced = []
            entries[key] = present
            return false
        }
        if let index = present.replaced.firstIndex(of: version) {
            present.replaced.removeFirst(index)
            entries[key] = present
            return false
        }
        entries[key] = Entry(object: object, uid: uid, version: version)
        return true
    }

    /// Takes a watched deletion; one that belongs to an earlier object of the same name is ignored. Returns whether something was removed.
    mutating func remove(_ key: ObjectKey, uid: String) -> Bool {
        guard let present = entries[key], present.uid == uid else { return false }
        entries[key] = nil
        return true
    }

    /// Takes a complete list. Returns every key that is new, changed or gone.
    mutating func replace(with listed: [Entry], keys: [ObjectKey]) -> Set<ObjectKey> {
        var next = StoreState()
        next.synced = true
        var changed: Set<ObjectKey> = []
        for (key, entry) in zip(keys, listed) {
            next.entries[key] = entries[key] ?? entry
            let isNew = entries[key] == nil
            if next.apply(entry.object, key: key, uid: entry.uid, version: entry.version) || isNew { changed.insert(key) }
        }
        changed.formUnion(entries.keys.filter { next.entries[$0] == nil })
        self = next
        return changed
    }

    /// Takes the response of a write of ours that had `replaced` as its precondition.
    ///
    /// When the store holds another version than `replaced`, the watch is already ahead of us and the response is old news.
    mutating func observe(_ object: Object, key: ObjectKey, uid: String, version: String, replacing replaced: String) -> Bool {
        guard var present = entries[key], present.uid == uid, present.version == replaced, version != replaced else { return false }
        present.object = object
        present.version = version
        present.replaced.append(replaced)
        entries[key] = present
        return true
    }
}
