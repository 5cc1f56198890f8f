import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData

extension Cluster {
    /// As a migration with lanes reaches this server before PostgreSQL 16.
    var laneAccess: ServerAccess {
        var access = access()
        access.subscriber = Login(user: "postgres", password: Redacted(Cluster.password))
        access.replicator = Login(user: "Admin", password: Redacted(Cluster.password))
        return access
    }
}

extension Scenario {
    /// What every lane test writes to: one table with a key, one where a change that came twice would show as a second row, and sequences.
    static let laneSchema = [
        "CREATE TABLE keyed (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text)",
        "CREATE TABLE plain (n int)", "ALTER TABLE plain REPLICA IDENTITY FULL",
        "CREATE TABLE parted (k int PRIMARY KEY, v text) PARTITION BY RANGE (k)",
        "CREATE TABLE leaf PARTITION OF parted FOR VALUES FROM (0) TO (1000000)",
        "CREATE SEQUENCE down INCREMENT -5 MAXVALUE 100 START 50", "CREATE SEQUENCE cached CACHE 20",
    ]

    /// Databases of equal schema on both servers, the target's fenced at epoch 2, as a copy would leave them.
    static func makeLive(_ name: String, databases: Int = 1, lanes: Int = 1, schema: [String] = laneSchema) async throws -> Scenario {
        var scenario = try await make(name, databases: databases, schema: schema)
        scenario.isLive = true
        scenario.lanes = lanes
        try await scenario.port.prepareTarget(scenario.context)
        for database in scenario.databases {
            let session = try await scenario.application(on: scenario.target, database)
            try await session.execute("SET default_transaction_read_only = off")
            for statement in schema { try await session.execute(statement) }
            await session.close()
        }
        try await scenario.port.closeTarget(scenario.context, epoch: 1)
        return scenario
    }

    func cluster(_ side: Side) -> Cluster { side == .source ? source : target }

    func lanes(_ direction: Direction) async throws -> ReplicationState {
        switch await port.observeLanes(context, direction) {
        case .value(let state): state
        case .unknown(let why): throw Unobserved(why: why)
        }
    }

    struct Unobserved: Error { var why: String }

    /// Names of publications, slots and subscriptions of this migration on a server, in any database of it.
    func laneObjects(on side: Side) async throws -> [String] {
        let prefix = "dbmigration_" + uid.replacing("-", with: "").prefix(20)
        var found: [String] = []
        for database in databases {
            let rows = try await cluster(side).superuser(database) { session in
                try await session.rows(
                    """
                    SELECT 'publication ' || pubname FROM pg_publication WHERE starts_with(pubname, '\(prefix)')
                    UNION ALL SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE starts_with(slot_name, '\(prefix)') AND database = current_database()
                    UNION ALL SELECT 'subscription ' || subname FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid AND d.datname = current_database()
                    WHERE starts_with(subname, '\(prefix)') ORDER BY 1
                    """)
            }
            found += rows.compactMap { $0[0] }
        }
        return found
    }

    /// Ends every lane and fence of this scenario, so that later ones find slots and workers free.
    func end() async throws {
        for side in [Side.target, .source] { try await port.removeArtefacts(context, side: side) }
    }
}
