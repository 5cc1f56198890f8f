/// The list `pg_restore -l` prints, taken apart so that only the user's own objects are restored, and in an order that an
/// administrator who is no superuser can carry out. Pure.
struct TableOfContents: Sendable, Hashable {
    /// What an entry is of, in the source's catalogue.
    struct Entry: Sendable, Hashable {
        var catalog: Int64
        var object: Int64

        /// Of `pg_class`.
        static func relation(_ oid: Int64) -> Entry { Entry(catalog: 1259, object: oid) }
        /// Of `pg_constraint`.
        static func constraint(_ oid: Int64) -> Entry { Entry(catalog: 2606, object: oid) }
    }

    var schemas: [String] = []
    var objects: [String] = []
    var privileges: [String] = []
    /// With their comments. While they stand, what we do ourselves would make them fire.
    var eventTriggers: [String] = []

    /// Kinds of entries that are not restored: replication of the user's own; and comments that only an extension's owner may write.
    private static let excluded = ["PUBLICATION", "SUBSCRIPTION", "COMMENT - EXTENSION"]
    private static let eventTrigger = ["EVENT TRIGGER ", "COMMENT - EVENT TRIGGER ", "SECURITY LABEL - EVENT TRIGGER "]

    /// - Parameter leftOut: Entries that are made in another way.
    init(listing: String, leavingOut leftOut: Set<Entry> = []) {
        for line in listing.split(separator: "\n") where !line.hasPrefix(";") {
            // `id; catalog-oid object-oid KIND schema name owner`
            let words = line.split(separator: " ", maxSplits: 3)
            guard words.count == 4 else { continue }
            if let catalog = Int64(words[1]), let object = Int64(words[2]), leftOut.contains(Entry(catalog: catalog, object: object)) { continue }
            let entry = String(words[3])
            if Self.isOurs(entry) || Self.excluded.contains(where: { entry.hasPrefix($0) }) { continue }
            if entry.hasPrefix("SCHEMA ") {
                schemas.append(String(line))
            } else if Self.eventTrigger.contains(where: { entry.hasPrefix($0) }) {
                eventTriggers.append(String(line))
            } else if entry.hasPrefix("ACL ") || entry.hasPrefix("DEFAULT ACL ") {
                privileges.append(String(line))
            } else {
                objects.append(String(line))
            }
        }
    }

    private static func isOurs(_ entry: String) -> Bool {
        let words = entry.split(separator: " ")
        if entry.hasPrefix("TRIGGER ") { return words.contains(Substring(Artefacts.trigger)) }
        return words.dropFirst().prefix(3).contains(Substring(Artefacts.schema))
    }
}
