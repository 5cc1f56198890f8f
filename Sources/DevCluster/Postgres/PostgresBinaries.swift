import FoundationEssentials

/// The folder with `initdb`, `postgres` and `psql`.
enum PostgresBinaries {
    /// What `pg_config` names, else the newest of Debian's folders.
    ///
    /// - Throws: `DevClusterError.missing`.
    static func find() async throws -> String {
        var candidates: [String] = []
        if let named = try? await Command.run(["pg_config", "--bindir"]) { candidates.append(named.trimmedLines) }
        let majors = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        candidates += majors.compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        for folder in candidates
        where ["initdb", "postgres", "pg_isready"].allSatisfy({ FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }) {
            return folder
        }
        throw DevClusterError.missing(what: "a PostgreSQL server", remedy: "install the package postgresql-15 (hack/demo does)")
    }
}
