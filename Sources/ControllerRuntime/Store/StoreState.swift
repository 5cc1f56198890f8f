/// The local copy of one kind of object as a value, with protection of our own writes.
///
/// The versions of one kind are in order over all its objects (see ``ResourceVersion``), so what is older than what we have, or than a deletion we
/// were told of, is old news: a repeated or late event, even of an earlier object of the same name, or one that our own write has overtaken. A
/// complete list is the truth, whatever its versions say (they go back when etcd is restored from a backup), except that it may have been read before
/// a write of ours.
struct StoreState<Object: Sendable>: Sendable {
    struct Entry: Sendable {
        /// Objects are hundreds of members large. By themselves they are moved neither when the table grows nor when it is looked at, and none of its
        /// free places is as large as one.
        private final class Place: Sendable {
            let object: Object

            init(_ object: Object) { self.object = object }
        }

        var key: ObjectKey
        private let place: Place
        var uid: String
        var version: String
        /// Whether it is the answer to a write of ours which neither watch nor list has confirmed.
        var isOwnWrite = false

        var object: Object { place.object }

        init(key: ObjectKey, object: Object, uid: String, version: String) {
            self.key = key
            place = Place(object)
            self.uid = uid
            self.version = version
        }
    }

    private(set) var entries: [ObjectKey: Entry] = [:]
    private var deletions = Deletions()

    /// Takes one watched object. Returns whether it told us anything new.
    mutating func apply(_ entry: Entry) -> Bool {
        if has(entry.key, version: entry.version) { return false }
        entries[entry.key] = entry
        return true
    }

    /// Takes a deletion; one that belongs to an earlier object of the same name removes nothing. Returns whether something was removed.
    ///
    /// - Parameter version: of the deletion; nothing up to it comes back.
    mutating func remove(_ key: ObjectKey, uid: String, version: String) -> Bool {
        deletions.note(key, version: version)
        guard let present = entries[key], present.uid == uid else { return false }
        // A removal of our own may know an older version than the watch has brought since.
        deletions.note(key, version: present.version)
        entries[key] = nil
        return true
    }

    /// Whether this version of what has this name, or a newer one, is here or was deleted.
    func has(_ key: ObjectKey, version: String) -> Bool {
        if let present = entries[key] { return !ResourceVersion.isNews(version, after: present.version) }
        return deletions.version(of: key).map { !ResourceVersion.isNews(version, after: $0) } ?? false
    }

    /// Takes a complete list of one namespace, or of all (`nil`). Returns every key that is new or changed, and what is gone.
    ///
    /// - Parameter unread: what the list has as well, in a version that could not be read: what is here of it stays.
    mutating func replace(with listed: [Entry], unread: Set<ObjectKey>, namespace: String?) -> (changed: Set<ObjectKey>, removed: [Object]) {
        var changed: Set<ObjectKey> = []
        var present = unread
        for entry in listed {
            present.insert(entry.key)
            if let before = entries[entry.key], before.uid == entry.uid {
                if before.version == entry.version { continue }
                if before.isOwnWrite, !ResourceVersion.isNews(entry.version, after: before.version) {
                    entries[entry.key]?.isOwnWrite = false
                    continue
                }
            }
            entries[entry.key] = entry
            changed.insert(entry.key)
        }
        let gone = entries.values.filter { (namespace == nil || $0.key.namespace == namespace) && !present.contains($0.key) }
        for entry in gone { entries[entry.key] = nil }
        deletions.forget(namespace)
        return (changed, gone.map(\.object))
    }

    /// Takes the answer to a write of ours. What is gone stays gone, and what the watch has overtaken is old news.
    mutating func observe(_ written: Entry) -> Bool {
        guard entries[written.key]?.uid == written.uid else { return false }
        var written = written
        written.isOwnWrite = true
        return apply(written)
    }
}
