import MigrationCore

/// What in one database of the source a lane would not carry, or would carry wrongly. Read only.
struct TableChecks: Sendable {
    let session: PostgresConnection
    /// `source host:port`
    let place: String

    private var database: String { session.options.database }
    /// So many objects a check are named, the others counted: a message is read by people.
    static let namedObjects = 10

    func problems() async throws -> [PreflightProblem] {
        try await withoutIdentity() + unlogged() + foreign() + triggers() + sequences() + partitions()
    }

    // MARK: Replica identity

    /// An UPDATE or DELETE of a published table without an identity fails in the application that sends it.
    private func withoutIdentity() async throws -> [PreflightProblem] {
        let rows = try await session.rows(
            """
            \(ReplicaIdentity.tables) WHERE NOT has_identity OR (relreplident = 'f' AND incomparable IS NOT NULL) ORDER BY nspname, relname
            """, attempt: "look at the tables' replica identities")
        return named(rows, reason: .replicaIdentityMissing, "tables without a usable replica identity") { row in
            let found = row.text("relreplident") == "f" ? "has REPLICA IDENTITY FULL, but no equality operator for" : "has no replica identity"
            let columns = row.text("relreplident") == "f" ? " \(row.text("incomparable"))" : ""
            return "\(label(row)) \(found)\(columns): its UPDATEs and DELETEs could not be carried: \(ReplicaIdentity(row).remedy)"
        }
    }

    // MARK: Contents no lane carries

    private func unlogged() async throws -> [PreflightProblem] {
        let rows = try await session.rows(
            "SELECT n.nspname, c.relname \(UserObjects.relations("'r'")) AND c.relpersistence = 'u' ORDER BY 1, 2",
            attempt: "look for unlogged tables")
        return named(rows, reason: .unsupportedObject, "unlogged tables") { row in
            "\(label(row)) is unlogged, its changes could not be carried: ALTER TABLE \(sql(row)) SET LOGGED (it rewrites the table), or drop it"
        }
    }

    private func foreign() async throws -> [PreflightProblem] {
        let rows = try await session.rows(
            "SELECT n.nspname, c.relname \(UserObjects.relations("'f'")) ORDER BY 1, 2", attempt: "look for foreign tables")
        return named(rows, reason: .unsupportedObject, "foreign tables") { row in
            "\(label(row)) is a foreign table: its rows live elsewhere, the fence does not hold them, and the password of its user mapping does not travel: "
                + "DROP FOREIGN TABLE \(sql(row)), and make it again on the target after the switch"
        }
    }

    // MARK: Triggers

    /// What they did on the publisher arrives by the lane, and firing on apply they would do it again.
    private func triggers() async throws -> [PreflightProblem] {
        let rows = try await session.rows(
            """
            SELECT o.nspname, o.relname, t.tgname, t.tgenabled FROM pg_trigger t
            JOIN (SELECT c.oid, n.nspname, c.relname \(UserObjects.tables)) o ON o.oid = t.tgrelid
            WHERE t.tgenabled IN ('A', 'R') AND NOT t.tgisinternal AND t.tgname <> '\(Artefacts.trigger)' ORDER BY 1, 2, 3
            """, attempt: "look for triggers that fire on apply")
        return named(rows, reason: .unsupportedObject, "triggers that fire on apply") { row in
            let (word, trigger) = (row.text("tgenabled") == "A" ? "ALWAYS" : "REPLICA", SQL.identifier(row.text("tgname")))
            return "trigger \(row.text("tgname")) of \(label(row)) is ENABLE \(word) and would fire again for every row a lane applies: "
                + "ALTER TABLE \(sql(row)) ENABLE TRIGGER \(trigger), or DISABLE it for the migration"
        }
    }

    // MARK: Sequences

    /// Aligning moves a sequence on by a gap, so one at its end would fail then, inside the write pause.
    private func sequences() async throws -> [PreflightProblem] {
        let rows = try await session.rows(
            """
            SELECT s.schemaname AS nspname, s.sequencename AS relname, s.last_value, CASE WHEN increment_by > 0 THEN max_value ELSE min_value END AS end
            FROM pg_sequences s JOIN (SELECT n.nspname, c.relname \(UserObjects.relations("'S'"))) o ON o.nspname = s.schemaname AND o.relname = s.sequencename
            WHERE NOT s.cycle AND abs(s.last_value::numeric - CASE WHEN increment_by > 0 THEN min_value ELSE max_value END)
                > 0.95 * (s.max_value::numeric - s.min_value)
            ORDER BY 1, 2
            """, attempt: "look for sequences near their end")
        return named(rows, reason: .sequenceNearEnd, "sequences near their end") { row in
            "sequence \(label(row)) stands at \(row.text("last_value")) of \(row.text("end")): ALTER SEQUENCE \(sql(row)) AS bigint and its column too, "
                + "or give it another MAXVALUE, or CYCLE"
        }
    }

    // MARK: Partitions

    /// A lane applies a leaf's rows to the leaf of that name.
    private func partitions() async throws -> [PreflightProblem] {
        let rows = try await session.rows(
            """
            SELECT DISTINCT root::json ->> 0 AS nspname, root::json ->> 1 AS relname FROM (SELECT \(PartitionRouting.root) AS root \(UserObjects.relations("'r'"))) r
            WHERE root IS NOT NULL ORDER BY 1, 2
            """, attempt: "look for partitions by hashes that differ between servers")
        return named(rows, reason: .unsupportedObject, "tables partitioned by hashes that differ between servers") { row in
            "\(label(row)) is partitioned by the hash of an enum or of another value whose hash differs between servers, so that its rows belong to other "
                + "partitions on the target: partition it by LIST or by another key, or choose spec.copy.mode Snapshot"
        }
    }

    // MARK: Words

    private func label(_ row: Row) -> String { "\(row.text("nspname")).\(row.text("relname")) in \(database) on \(place)" }
    private func sql(_ row: Row) -> String { SQL.identifier(row.text("nspname"), row.text("relname")) }

    private func named(_ rows: Rows, reason: Reason, _ what: String, _ message: (Row) -> String) -> [PreflightProblem] {
        var problems = rows.prefix(Self.namedObjects).map { PreflightProblem(reason: reason, message: message($0)) }
        if rows.count > Self.namedObjects {
            problems.append(.init(reason: reason, message: "\(rows.count - Self.namedObjects) more \(what) in \(database) on \(place)"))
        }
        return problems
    }
}
