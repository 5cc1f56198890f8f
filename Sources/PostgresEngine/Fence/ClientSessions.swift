import MigrationPorts

/// Client sessions in the migrated databases, seen from the maintenance database. Sessions of ours and a provider's superusers that have
/// written nothing are not counted: the guard refuses the latter, and nobody but a superuser could end them.
struct ClientSessions: Sendable {
    let session: PostgresConnection
    let uid: String
    let databases: [String]

    private static let pollMilliseconds = 5
    /// How long clients are terminated again and again before giving up.
    private static let seconds = 20

    private var selection: String {
        """
        FROM pg_stat_activity a LEFT JOIN pg_roles r ON r.oid = a.usesysid
        WHERE a.datname IN \(SQL.list(databases)) AND (a.backend_type = 'client backend' OR (a.backend_type IS NULL AND a.usesysid IS NOT NULL))
        AND a.application_name <> \(SQL.literal(Artefacts.applicationName(uid))) AND a.application_name NOT LIKE \(SQL.literal(Artefacts.applicationName(uid) + "/%"))
        AND NOT (coalesce(r.rolsuper, false) AND a.backend_xid IS NULL AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user))
        """
    }

    /// One line for each, at most 5.
    func list() async throws -> [String] { Self.lines(try await session.rows(listing, attempt: "list client sessions")) }

    /// Where they come from over the network, the most numerous first.
    func origins() async throws -> [ClientSession] {
        let text = """
            SELECT host(a.client_addr) AS address, a.datname, a.usename, a.application_name, count(*) AS sessions \(selection)
            AND a.client_addr IS NOT NULL GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT 50
            """
        return try await session.rows(text, attempt: "list client sessions").map { row in
            ClientSession(
                address: row.text("address"), database: row.text("datname"), user: row.text("usename"), application: row.text("application_name"),
                count: Int(row.integer("sessions") ?? 0))
        }
    }

    func count() async throws -> Int {
        let found = try await session.rows("SELECT count(*) AS n \(selection)", attempt: "count client sessions")
        return found.first.flatMap { Int($0.text("n")) } ?? 0
    }

    /// For who asks several things in one round trip.
    var listing: String { "SELECT a.pid, a.usename, a.datname, a.application_name \(selection) ORDER BY a.pid LIMIT 5" }

    /// What ``listing`` found.
    static func lines(_ found: Rows) -> [String] {
        found.map { "pid \($0.text("pid")) of \($0.text("usename")) in \($0.text("datname")) (\($0.text("application_name")))" }
    }

    /// Ends them until two polls in a row see none.
    ///
    /// - Returns: how many there were, and what transactions are prepared after they are gone, as ``PreparedTransactions/listing(_:)`` finds them.
    func terminate() async throws -> (ended: Int, prepared: Rows) {
        var quiet = 0
        var ended: Set<String> = []
        let statements = "SELECT a.pid, pg_terminate_backend(a.pid) \(selection); \(PreparedTransactions.listing(databases))"
        for _ in 0..<(Self.seconds * 1000 / Self.pollMilliseconds) {
            let answers = try await session.execute(statements, attempt: "end client sessions")
            let found = answers.first ?? .none
            ended.formUnion(found.map { $0.text("pid") })
            quiet = found.isEmpty ? quiet + 1 : 0
            if quiet == 2 { return (ended.count, answers.last ?? .none) }
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
        throw FenceFailure(
            server: session.server, what: "client sessions do not end: " + (try await list()).joined(separator: ", "),
            remedy: "end them or grant pg_signal_backend to our role")
    }
}
