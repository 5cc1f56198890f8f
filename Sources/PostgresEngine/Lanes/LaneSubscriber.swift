import MigrationCore
import MigrationPorts

/// The subscription of a lane, in a session on the subscriber's database, of a role that may create subscriptions.
struct LaneSubscriber: Sendable {
    let session: PostgresConnection

    private static let pollMilliseconds = 10
    /// Its worker looks at its subscription between transactions, and an idle one of a server before 16 once a second only.
    private static let rounds = 500

    /// Of the subscriptions of this database, which a shared catalog lists with all others.
    private static let here = "subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())"

    /// A managed server may hide `pg_subscription` from everybody; the view of statistics then names them, and the catalog of their tables tells
    /// which are of this database.
    static func isReadable(_ session: PostgresConnection) async throws -> Bool {
        try await session.rows(
            "SELECT has_column_privilege('pg_catalog.pg_subscription', 'subdbid', 'SELECT')", attempt: "ask for privileges on pg_subscription"
        ).first?[0] == "t"
    }

    func names(_ pattern: String) async throws -> [String] {
        do {
            return try await names(pattern, "SELECT subname FROM pg_subscription WHERE \(Self.here)")
        } catch let error as PostgresError where error.kind == .privilege {
            return try await names(
                pattern, "SELECT subname FROM pg_stat_subscription t WHERE EXISTS (SELECT 1 FROM pg_subscription_rel r WHERE r.srsubid = t.subid)")
        }
    }

    private func names(_ pattern: String, _ all: String) async throws -> [String] {
        try await session.rows(
            "SELECT DISTINCT subname FROM (\(all)) s WHERE subname::text ~ \(SQL.literal(pattern)) ORDER BY 1", attempt: "look for subscriptions"
        ).compactMap { $0[0] }
    }

    struct State: Sendable, Hashable {
        var oid: Int64
        var isEnabled: Bool
        var hasWorker: Bool
    }

    /// `nil` without such a subscription.
    func state(_ name: String) async throws -> State? {
        try await session.rows(
            """
            SELECT s.oid, s.subenabled AS enabled, EXISTS (SELECT 1 FROM pg_stat_subscription t WHERE t.subid = s.oid AND t.pid IS NOT NULL) AS worker
            FROM pg_subscription s WHERE \(Self.here) AND s.subname = \(SQL.literal(name))
            """, attempt: "look for subscription \(name)"
        ).first.map { State(oid: $0.integer("oid") ?? 0, isEnabled: $0.flag("enabled"), hasWorker: $0.flag("worker")) }
    }

    /// Disabled; the server connects to the publisher at once, which shows whether it can.
    func create(_ name: String, _ connection: SubscriptionConnection, publisherMajor: Int) async throws {
        let major = await session.major
        var options = ["copy_data = false", "create_slot = false", "enabled = false", "binary = false", "slot_name = \(SQL.literal(name))"]
        // Large transactions travel while they run.
        if major >= 14 { options.append("streaming = on") }
        // The publisher sends only what was written there; an older one does not know the option.
        if min(major, publisherMajor) >= 16 { options.append("origin = none") }
        try await withSecret(
            """
            CREATE SUBSCRIPTION \(SQL.identifier(name)) CONNECTION \(SQL.literal(connection.text)) PUBLICATION \(SQL.identifier(name))
            WITH (\(options.joined(separator: ", ")))
            """, attempt: "create subscription \(name)")
    }

    /// As ``create(_:_:publisherMajor:)`` would have it: a password may have changed.
    func setConnection(_ name: String, _ connection: SubscriptionConnection) async throws {
        try await withSecret(
            "ALTER SUBSCRIPTION \(SQL.identifier(name)) CONNECTION \(SQL.literal(connection.text))",
            attempt: "set the connection of subscription \(name)")
    }

    func enable(_ name: String) async throws {
        try await session.execute("ALTER SUBSCRIPTION \(SQL.identifier(name)) ENABLE", attempt: "enable subscription \(name)")
    }

    /// Returns when no worker of theirs is left. All are told before one is waited for: a write pause may wait as well.
    func disable(_ names: [String]) async throws {
        guard !names.isEmpty else { return }
        let disabling = names.map { "ALTER SUBSCRIPTION \(SQL.identifier($0)) DISABLE" }.joined(separator: "; ")
        let list = names.joined(separator: ", ")
        try await session.execute(disabling, attempt: "disable subscriptions \(list)")
        // A worker would see it when it next looks, which may take a write pause long; what it is in the middle of is rolled back and sent again.
        let ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_subscription WHERE subname IN \(SQL.list(names)) AND pid IS NOT NULL"
        for _ in 0..<Self.rounds {
            if try await session.rows(ending, attempt: "end the workers of subscriptions \(list)").isEmpty { return }
            try await Task.sleep(for: .milliseconds(Self.pollMilliseconds))
        }
        throw FenceFailure(
            server: session.server, what: "a worker of disabled subscriptions \(names.joined(separator: ", ")) does not end",
            remedy: "look for it in pg_stat_subscription and pg_stat_activity, and end it")
    }

    /// All or nothing, and without asking the publisher, who may be gone.
    func drop(_ name: String) async throws {
        let quoted = SQL.identifier(name)
        try await session.execute(
            "ALTER SUBSCRIPTION \(quoted) DISABLE; ALTER SUBSCRIPTION \(quoted) SET (slot_name = NONE); DROP SUBSCRIPTION \(quoted)",
            attempt: "drop subscription \(name)")
    }

    /// Lets a subscription that has applied nothing yet begin at `position`. Its slot stands there too, but a server that crashes may forget how far
    /// a slot was advanced; this is durable. Only a superuser may.
    func skip(_ subscription: State, to position: WALPosition) async throws {
        let origin = "'pg_\(subscription.oid)'"
        let may = "has_function_privilege('pg_catalog.pg_replication_origin_advance(text, pg_lsn)', 'EXECUTE')"
        guard try await session.rows("SELECT \(may)", attempt: "ask for privileges").first?[0] == "t" else { return }
        try await session.execute(
            """
            SELECT pg_replication_origin_advance(\(origin), '\(position)')
            WHERE coalesce(pg_replication_origin_progress(\(origin), true), '0/0') < '\(position)'
            """, attempt: "set the start of subscription origin pg_\(subscription.oid)")
    }

    private func withSecret(_ statement: String, attempt: String) async throws {
        try await session.keepStatementsOutOfTheLog()
        try await session.execute(statement, attempt: attempt)
    }
}
