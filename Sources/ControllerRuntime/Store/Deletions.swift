/// The versions of the latest deletions, so that an event from before one of them does not bring the object back.
///
/// Bounded: only what happened lately can be overtaken. What is forgotten goes in halves, the older one first.
struct Deletions: Sendable {
    static var limit: Int { 1_000 }

    private var recent: [ObjectKey: String] = [:]
    private var older: [ObjectKey: String] = [:]

    func version(of key: ObjectKey) -> String? { recent[key] ?? older[key] }

    mutating func note(_ key: ObjectKey, version: String) {
        if let known = self.version(of: key), !ResourceVersion.isNews(version, after: known) { return }
        recent[key] = version
        if recent.count >= Self.limit / 2 { (older, recent) = (recent, [:]) }
    }

    /// A complete list of one namespace, or of all (`nil`), has arrived.
    mutating func forget(_ namespace: String?) {
        recent = recent.filter { namespace != nil && $0.key.namespace != namespace }
        older = older.filter { namespace != nil && $0.key.namespace != namespace }
    }
}
