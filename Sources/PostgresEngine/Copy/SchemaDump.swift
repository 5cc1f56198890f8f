import FoundationEssentials
import MigrationCore
import MigrationPorts
import StructuredData
import Subprocess

/// The schema of one source database, by `pg_dump` into a small temporary file and back as text by `pg_restore`.
struct SchemaDump: Sendable {
    enum Section: String, Sendable { case preData = "pre-data", postData = "post-data" }

    let file: String
    /// Nothing says whose an object is, or who may use it.
    var withoutRoles = false
    private static let outputLimit = 256 * 1024 * 1024

    /// Dumps without rows, as `snapshot` shows the schema. The password travels in the child's environment, never in its arguments.
    static func make(
        _ access: ServerAccess, database: String, applicationName: String, snapshot: String?, withoutRoles: Bool = false, into file: String
    ) async throws -> SchemaDump {
        var environment: [String: String] = [
            "PGHOST": access.server.host, "PGPORT": String(access.server.port), "PGUSER": access.user, "PGPASSWORD": access.password.reveal(),
            "PGSSLMODE": access.server.sslMode, "PGAPPNAME": applicationName, "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C", "PGCLIENTENCODING": "UTF8",
        ]
        if let authority = ConnectionOptions.rootCertificate(for: access) { environment["PGSSLROOTCERT"] = authority }
        let escaped = database.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined()
        var arguments = [
            "--format=custom", "--schema-only", "--no-tablespaces", "--no-publications", "--no-subscriptions", "--exclude-schema=\(Artefacts.schema)",
            "--quote-all-identifiers", "--file=\(file)", "--dbname=dbname='\(escaped)' replication=database",
        ]
        if let snapshot { arguments.append("--snapshot=\(snapshot)") }
        _ = try await PostgresTool.run("pg_dump", arguments, environment: environment, attempt: "dump the schema of \(database)", limit: 64 * 1024)
        return SchemaDump(file: file, withoutRoles: withoutRoles)
    }

    func contents(_ section: Section, leavingOut leftOut: Set<TableOfContents.Entry> = []) async throws -> TableOfContents {
        let listing = try await PostgresTool.run(
            "pg_restore", ["--list", "--section=\(section.rawValue)", file], attempt: "list the schema dump", limit: Self.outputLimit)
        return TableOfContents(listing: listing, leavingOut: leftOut)
    }

    /// SQL of some entries; empty for none.
    func sql(_ entries: [String]) async throws -> String {
        guard !entries.isEmpty else { return "" }
        let list = file + ".list"
        try Data((entries.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: list))
        let text = try await PostgresTool.run(
            "pg_restore", ["--use-list=\(list)", "--no-tablespaces"] + (withoutRoles ? ["--no-owner", "--no-acl"] : []) + ["--file=-", file],
            attempt: "read the schema dump", limit: Self.outputLimit)
        return Self.withoutClientCommands(text)
    }

    /// psql's own commands stand alone in the header and the footer; settings that an older server lacks are of no use here.
    static func withoutClientCommands(_ text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        if let first = lines.firstIndex(where: { $0.hasPrefix("\\restrict ") }) {
            let end = "\\unrestrict " + lines[first].dropFirst(10)
            lines.remove(at: first)
            if let last = lines.lastIndex(where: { $0 == end }) { lines.remove(at: last) }
        }
        if let timeout = lines.firstIndex(of: "SET transaction_timeout = 0;") { lines.remove(at: timeout) }
        return lines.joined(separator: "\n")
    }
}
