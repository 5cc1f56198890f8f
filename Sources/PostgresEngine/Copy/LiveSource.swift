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

    /// In a session that sees what the slot's snapshot sees: a table made between publication and slot would be copied, and its changes lost.
    func proveAllPublished(by name: String) async throws {
        let missing = try await session.rows(
            """
            SELECT n.nspname || '.' || c.relname AS label \(LanePublisher.tables) AND NOT EXISTS (SELECT 1 FROM pg_publication_rel r
                JOIN pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = c.oid AND p.pubname = \(SQL.literal(name))) ORDER BY 1 LIMIT \(Self.namesShown)
            """, attempt: "compare the publication with the tables")
        guard missing.isEmpty else {
            let names = missing.map { $0.text("label") }.joined(separator: ", ")
            throw CopyInterrupted(description: "tables of \(session.options.database) were made while its copy began: \(names)")
        }
    }
}
