import MigrationCore
import MigrationPorts

/// The tables of a source database that is copied while it is written to.
struct LiveSource: Sendable {
    let session: PostgresConnection

    private static let namesShown = 5

    /// Preflight's checks once more, of tables made since.
    ///
    /// - Throws: ``CopyRejected`` for tables whose changes cannot be carried, or whose applications would get errors from a publication.
    func refuseUnfit() async throws {
        let unlogged = try await session.rows(
            "SELECT n.nspname || '.' || c.relname AS label \(UserObjects.relations("'r'")) AND c.relpersistence = 'u' ORDER BY 1",
            attempt: "look for unlogged tables"
        ).map { $0.text("label") }
        try refuse(
            unlogged, "unlogged tables, whose changes are not replicated", "ALTER TABLE … SET LOGGED, drop them, or choose spec.copy.mode Snapshot")
        let unidentified = try await session.rows(
            "\(ReplicaIdentity.tables) WHERE NOT has_identity ORDER BY nspname, relname", attempt: "look at the tables' replica identities"
        ).map { "\($0.text("nspname")).\($0.text("relname"))" }
        try refuse(
            unidentified, "tables without a replica identity, on which UPDATE and DELETE would fail once they are published",
            "give them a primary key that is not deferrable, or ALTER TABLE … REPLICA IDENTITY FULL")
    }

    private func refuse(_ labels: [String], _ what: String, _ remedy: String) throws {
        guard !labels.isEmpty else { return }
        let names = labels.prefix(Self.namesShown).joined(separator: ", ")
        throw CopyRejected(description: "\(session.options.database) has \(labels.count) \(what), e.g. \(names): \(remedy)")
    }
}
