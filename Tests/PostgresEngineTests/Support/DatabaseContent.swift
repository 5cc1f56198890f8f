import Foundation
import MigrationPorts
import PostgresEngine
import StructuredData

/// All that a database is, as text that can be compared: its schema by `pg_dump`, its rows, what sequences stand at, large objects and settings.
struct DatabaseContent {
    /// Of `pg_dump -s -C`, without what a migration leaves on a server that it has not cleaned up.
    var schema: String
    /// Everything else, by what it is.
    var facts: [String: String] = [:]

    /// - Parameter tools: Folder of `pg_dump`; `nil`: the one of the machine.
    static func read(_ cluster: Cluster, _ database: String, tools: String? = nil) async throws -> DatabaseContent {
        var content = DatabaseContent(schema: try schema(cluster, database, tools: tools))
        try await cluster.superuser(database) { session in
            try await session.execute("SET search_path = pg_catalog; SET extra_float_digits = 3; SET bytea_output = hex")
            for row in try await session.rows(relations) {
                let name = SQL.identifier(row.text("nspname"), row.text("relname"))
                switch row.text("relkind") {
                case "m" where !row.flag("relispopulated"): content.facts["rows of \(name)"] = "not populated"
                case "S":
                    let state = try await session.rows("SELECT last_value || ' ' || is_called FROM \(name)").first?[0]
                    content.facts["state of \(name)"] = state
                default:
                    let rows = try await session.rows(
                        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")), '') FROM ONLY \(name) t")
                    content.facts["rows of \(name)"] = rows.first?[0]
                }
            }
            for row in try await session.rows(others) { content.facts[row.text("what")] = row.text("value") }
        }
        return content
    }

    /// What differs from another, each in a line; empty when both are equal.
    func differences(_ other: DatabaseContent) -> [String] {
        let (mine, theirs) = (schema.components(separatedBy: "\n"), other.schema.components(separatedBy: "\n"))
        let changes = theirs.difference(from: mine).map { change in
            switch change {
            case .remove(let offset, let line, _): "line \(offset): missing: \(line)"
            case .insert(let offset, let line, _): "line \(offset): added: \(line)"
            }
        }
        let keys = Set(facts.keys).union(other.facts.keys).sorted().filter { facts[$0] != other.facts[$0] }
        return changes + keys.map { "\($0): \(facts[$0] ?? "missing") became \(other.facts[$0] ?? "missing")" }
    }

    // MARK: Schema

    /// Of `pg_dump -s`, with the database itself or what is in it only, without what a migration leaves.
    static func schema(_ cluster: Cluster, _ database: String, tools: String?, withDatabase: Bool = true) throws -> String {
        withoutArtefacts(try dump(cluster, database, tools: tools, withDatabase: withDatabase))
    }

    private static func dump(_ cluster: Cluster, _ database: String, tools: String?, withDatabase: Bool) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: (tools ?? "/usr/bin") + "/pg_dump")
        process.arguments = [
            "--schema-only", withDatabase ? "--create" : "--no-tablespaces", "--no-publications", "--no-subscriptions",
            "--exclude-schema=_dbmigration", "--host=127.0.0.1",
            "--port=\(cluster.port)", "--username=postgres", "--dbname=\(ConnectionText.quoted(database))",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(["PGPASSWORD": Cluster.password, "LC_ALL": "C"]) { $1 }
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
        return String(decoding: data, as: UTF8.self)
    }

    struct Failed: Error {}

    private enum ConnectionText {
        static func quoted(_ database: String) -> String { "dbname='" + database.map { "'\\".contains($0) ? "\\\($0)" : String($0) }.joined() + "'" }
    }

    /// Entries of a dump are paragraphs that begin with their name.
    private static func withoutArtefacts(_ text: String) -> String {
        let lines = text.components(separatedBy: "\n").filter { line in
            !["\\restrict", "\\unrestrict", "-- Dumped "].contains { line.hasPrefix($0) }
        }
        return lines.joined(separator: "\n").components(separatedBy: "\n--\n-- Name: ").filter { entry in
            !entry.contains("CREATE TRIGGER _dbmigration_guard ")
        }.joined(separator: "\n--\n-- Name: ")
    }

    // MARK: Rows

    private static let relations = """
        SELECT n.nspname, c.relname, c.relkind, c.relispopulated FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 'S') AND c.relpersistence <> 't' AND left(n.nspname, 3) <> 'pg_'
        AND n.nspname NOT IN ('information_schema', '_dbmigration') ORDER BY 1, 2
        """

    private static let others = """
        SELECT 'large object ' || oid AS what, concat_ws(' ', pg_get_userbyid(lomowner), lomacl::text, obj_description(oid, 'pg_largeobject'),
            length(lo_get(oid)), md5(lo_get(oid))) AS value FROM pg_largeobject_metadata
        UNION ALL SELECT 'database', concat_ws(' ', pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider,
            datconnlimit, (SELECT string_agg(a::text, ' ' ORDER BY a::text) FROM unnest(datacl) a)) FROM pg_database WHERE datname = current_database()
        UNION ALL SELECT 'settings of ' || coalesce(r.rolname, 'the database') || ' ' || (s.setdatabase = 0), array_to_string(setconfig, '; ')
            FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = setrole
            WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) OR r.rolname LIKE 'fid %'
        UNION ALL SELECT 'role ' || r.rolname, concat_ws(' ', r.rolcanlogin, r.rolinherit, r.rolcreatedb,
            (SELECT string_agg(g.rolname, ' ' ORDER BY 1) FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid))
            FROM pg_roles r WHERE r.rolname ILIKE 'fid%'
        UNION ALL SELECT 'encoding', current_setting('server_encoding')
        """
}
