import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData

extension Arena {
    /// Removes what a run that failed left, so that the next one begins on clean servers. Only ever called after the run's verdict.
    func force() async throws {
        _ = try? await cluster.client.patch(
            DatabaseMigration.self, Self.migration, namespace: namespace,
            .merge(["metadata": ["finalizers": .array([])]]))
        for side in Side.allCases {
            for database in plan.databases { try? await removeSubscriptions(side, database.name) }
        }
        for side in Side.allCases {
            for database in plan.databases {
                let slots = "FROM pg_replication_slots WHERE database = \(SQL.literal(database.name))"
                _ = try? await cluster.rows(
                    side, "postgres",
                    "SELECT pg_terminate_backend(active_pid) \(slots) AND active_pid IS NOT NULL")
                _ = try? await cluster.rows(
                    side, "postgres",
                    "SELECT pg_sleep(0.5); SELECT pg_drop_replication_slot(slot_name) \(slots)")
                _ = try? await cluster.rows(
                    side, "postgres",
                    "DELETE FROM _dbmigration.fence WHERE database = \(SQL.literal(database.name))")
            }
        }
    }

    private func removeSubscriptions(_ side: Side, _ database: String) async throws {
        let own =
            "SELECT subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = \(SQL.literal(database))"
        for name in try await cluster.rows(side, database, own).compactMap({ $0[0] }) {
            let subscription = SQL.identifier(name)
            for statement in ["DISABLE", "SET (slot_name = NONE)"] {
                try await cluster.rows(side, database, "ALTER SUBSCRIPTION \(subscription) \(statement)")
            }
            try await cluster.rows(side, database, "DROP SUBSCRIPTION \(subscription)")
        }
    }
}
