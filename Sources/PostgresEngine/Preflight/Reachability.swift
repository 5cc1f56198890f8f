import MigrationCore
import MigrationPorts

/// Whether one server reaches the other, tried by that server itself: CREATE SUBSCRIPTION connects to the publisher and is rolled back.
///
/// No slot is made (`slot_name = NONE`; from 17 on a named one would have to exist), no worker starts, and the publication need not exist:
/// its absence is a warning from 15 on and nothing before. Without the rollback it would be a row in two catalogs; with it, a used
/// transaction number is all that stays.
struct Reachability: Sendable {
    let publisher: ServerAccess
    let subscriber: ServerAccess
    let uid: String
    /// `source` or `target`
    let publisherSide: Side
    /// What the subscriber runs.
    let major: Int
    let provider: Provider
    /// The server's own connecting knows no `connect_timeout`; without a limit a dropped packet costs two minutes.
    var seconds = 10

    private var from: String { "\(subscriberSide.rawValue) \(subscriber.server.host):\(subscriber.server.port)" }
    private var subscriberSide: Side { publisherSide == .source ? .target : .source }

    /// - Parameter databases: of the publisher; who may enter one may not enter another (`pg_hba.conf`, CONNECT). The first failure is told.
    func problems(databases: [String]) async -> [PreflightProblem] {
        let access = subscriber.creatingSubscriptions ?? subscriber
        let user = access.user
        do {
            return try await Sessions(access, uid: uid).withMaintenance { session in
                try await session.keepStatementsOutOfTheLog()
                for database in databases {
                    if let problem = try await attempt(session, user: user, database: database) { return [problem] }
                }
                return []
            }
        } catch {
            return [PreflightProblem(error, access, side: subscriberSide.rawValue)]
        }
    }

    private func attempt(_ session: PostgresConnection, user: String, database: String) async throws -> PreflightProblem? {
        let name = LaneName.prefix(uid: uid) + "preflight"
        let connection = SubscriptionConnection(publisher, database: database)
        do {
            try await session.transaction {
                try await session.execute("SET LOCAL statement_timeout = '\(seconds)s'")
                try await session.execute(
                    """
                    CREATE SUBSCRIPTION \(name) CONNECTION \(SQL.literal(connection.text)) PUBLICATION \(name)
                    WITH (connect = true, create_slot = false, slot_name = NONE, enabled = false, copy_data = false)
                    """, attempt: "connect to the publisher")
                throw Connected()
            }
            return nil
        } catch is Connected {
            return nil
        } catch let error as PostgresError {
            // Without a state nobody answered: the session is gone, which says nothing of the publisher.
            guard let state = error.sqlState else { throw error }
            return problem(state, error.message, user: user, database: database)
        }
    }

    /// Makes the transaction roll back.
    private struct Connected: Error {}

    private func problem(_ state: String, _ message: String, user: String, database: String) -> PreflightProblem {
        if state == "42501" {
            let remedy = provider.allowSubscriptions(
                to: SQL.identifier(user), major: major, side: subscriberSide.rawValue, maintenanceDatabase: subscriber.server.maintenanceDatabase)
            return .init(reason: .missingPrivilege, message: "role \(user) on \(from) may not create subscriptions (\(message)): \(remedy)")
        }
        let (side, login, server) = (publisherSide.rawValue, publisher.replicator?.user ?? publisher.user, publisher.server)
        let (host, port) = (server.replication?.host ?? server.host, server.replication?.port ?? server.port)
        let secret = server.replication?.credentials ?? server.credentials
        let answer = state == "57014" ? "no answer within \(seconds) s" : message
        return .init(
            reason: .serversCannotReach,
            message:
                "\(from) cannot receive changes from \(side) \(host):\(port), database \(database), user \(login): \(answer); open the way from \(subscriberSide.rawValue) to \(side) (firewall, private DNS, pg_hba.conf), say in spec.\(side).replication by which host, port and sslMode the other server reaches it, or correct Secret \(secret.name)"
        )
    }
}
