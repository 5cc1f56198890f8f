import FoundationEssentials

/// The programs of one server: `initdb`, `postgres` and the clients of the same build.
struct PostgresBinaries: Sendable, Hashable {
    let folder: String
    /// Built with OpenSSL. Those of some Python wheels are not.
    let offersTLS: Bool

    private static let programs = ["initdb", "postgres", "pg_isready"]

    /// The named folder's, else what `pg_config` names, else the newest of Debian's folders.
    ///
    /// - Throws: `DevClusterError.missing`.
    static func find(_ named: String? = nil) async throws -> PostgresBinaries {
        if let named {
            guard isComplete(named) else {
                throw DevClusterError.missing(
                    what: "a PostgreSQL server in \(named)", remedy: "name a folder with \(programs.joined(separator: ", ")) and psql")
            }
            return await PostgresBinaries(folder: named, offersTLS: offersTLS(named))
        }
        var candidates: [String] = []
        if let named = try? await Command.run(["pg_config", "--bindir"]) { candidates.append(named.trimmedLines) }
        let majors = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        candidates += majors.compactMap { Int($0) }.sorted(by: >).map { "/usr/lib/postgresql/\($0)/bin" }
        for folder in candidates where isComplete(folder) { return await PostgresBinaries(folder: folder, offersTLS: offersTLS(folder)) }
        throw DevClusterError.missing(what: "a PostgreSQL server", remedy: "install the package postgresql-15 (hack/demo does)")
    }

    private static func isComplete(_ folder: String) -> Bool {
        programs.allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }

    /// Without a `pg_config` of its own a build is a distribution's, and those have it.
    private static func offersTLS(_ folder: String) async -> Bool {
        guard let text = try? await Command.run(["\(folder)/pg_config", "--configure"]) else { return true }
        return text.contains("openssl")
    }

    // MARK: Inside the sandbox

    /// Where pods and the server's user find the programs named for a server: a folder of root's or below /tmp is closed or hidden to them.
    private static func place(_ role: String) -> String { "/run/dbmigration-postgres-\(role)" }

    /// The named folder and its parent, as named: what a link points to finds its own neighbours.
    private static func split(_ named: String) -> (parent: String, name: String) {
        let url = URL(filePath: named, directoryHint: .notDirectory)
        return (url.deletingLastPathComponent().path, url.lastPathComponent)
    }

    /// What pods look for programs in before their own folders: clients as new as the servers.
    static func searchPath(_ folders: PostgresFolders) -> [String] {
        [("target", folders.target), ("source", folders.source)].compactMap { role, folder in folder.map { "\(place(role))/\(split($0).name)" } }
    }

    /// The programs of one server, mounted where everybody in the sandbox may run them when they were named.
    static func mounted(_ named: String?, role: String) async throws -> PostgresBinaries {
        let found = try await find(named)
        guard let named else { return found }
        // With its neighbours, where a server looks for its libraries and shared files.
        let (parent, name) = split(named)
        try await Command.run(["mkdir", "-p", place(role)])
        try await Command.run(["mount", "-n", "--bind", parent, place(role)])
        return PostgresBinaries(folder: "\(place(role))/\(name)", offersTLS: found.offersTLS)
    }
}
