import MigrationCore
import MigrationPorts

/// What is done of one database's copy: tables in schema `_dbmigration` of the target database, written in the transactions they describe.
struct Journal: Sendable {
    enum Phase: String, Sendable, CaseIterable, Comparable {
        /// Nothing of the user's is there yet.
        case started
        /// Tables exist; rows are being copied, indexes built and foreign keys added.
        case schema
        /// Every index, constraint and trigger exists.
        case indexes
        /// Sequences are set; statistics gathered.
        case finished
        case verified
        /// Clients may have written here since: only a worker made after that may copy again.
        case opened

        static func < (left: Phase, right: Phase) -> Bool { (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0) }
    }

    struct Head: Sendable, Hashable {
        var uid: String
        var sourceEpoch: Int64
        var worker: Int64
        var phase: Phase

        /// Another worker was started after the one with this task, or the target was opened since.
        func isNewer(than task: WorkerTask) -> Bool {
            sourceEpoch > task.sourceEpoch || (sourceEpoch == task.sourceEpoch && worker > task.number)
                || (phase == .opened && sourceEpoch == task.sourceEpoch)
        }
    }

    let session: PostgresConnection

    func create() async throws {
        try await session.execute(
            """
            BEGIN;
            CREATE SCHEMA IF NOT EXISTS _dbmigration;
            CREATE TABLE IF NOT EXISTS _dbmigration.journal (
                single boolean PRIMARY KEY DEFAULT true CHECK (single), uid text NOT NULL, source_epoch bigint NOT NULL, worker bigint NOT NULL, phase text NOT NULL,
                created_at timestamptz NOT NULL DEFAULT clock_timestamp(), changed_at timestamptz NOT NULL DEFAULT clock_timestamp());
            CREATE TABLE IF NOT EXISTS _dbmigration.copied (
                schema text, name text, bytes_total bigint NOT NULL, parts int NOT NULL DEFAULT 1, parts_left int NOT NULL DEFAULT 1,
                rows bigint, bytes bigint, copied_at timestamptz, indexed_at timestamptz, source_rows bigint, target_rows bigint,
                difference text, source_activity bigint, target_activity bigint,
                PRIMARY KEY (schema, name));
            CREATE TABLE IF NOT EXISTS _dbmigration.part (
                schema text, name text, number int, first_page bigint NOT NULL, end_page bigint, file_node bigint NOT NULL, copied_at timestamptz,
                PRIMARY KEY (schema, name, number));
            \(ClientWrites.createObjects);
            COMMIT
            """, attempt: "create the journal")
    }

    static func head(_ session: PostgresConnection) async throws -> Head? {
        guard try await session.rows("SELECT to_regclass('_dbmigration.journal')", attempt: "look for the journal").first?[0] != nil else {
            return nil
        }
        return try await session.rows("SELECT uid, source_epoch, worker, phase FROM _dbmigration.journal", attempt: "read the journal").first.map {
            row in
            Head(
                uid: row.text("uid"), sourceEpoch: row.integer("source_epoch") ?? 0, worker: row.integer("worker") ?? 0,
                phase: Phase(rawValue: row.text("phase")) ?? .started)
        }
    }

    /// Statements that begin a copy anew.
    static func begin(uid: String, epoch: Int64, worker: Int) -> String {
        """
        DELETE FROM _dbmigration.journal; DELETE FROM _dbmigration.copied; DELETE FROM _dbmigration.part; \(ClientWrites.reset);
        INSERT INTO _dbmigration.journal (uid, source_epoch, worker, phase) VALUES (\(SQL.literal(uid)), \(epoch), \(worker), 'started')
        """
    }

    static func take(worker: Int) -> String { "UPDATE _dbmigration.journal SET worker = \(worker), changed_at = clock_timestamp()" }

    /// A finished copy whose lane stands is taken as it is by a later live worker, whose epoch is another; it has to be verified again.
    static func adopt(epoch: Int64) -> String {
        """
        UPDATE _dbmigration.journal SET source_epoch = \(epoch), phase = '\(Phase.finished.rawValue)';
        UPDATE _dbmigration.copied SET source_rows = NULL, target_rows = NULL, difference = NULL, source_activity = NULL, target_activity = NULL
        """
    }

    /// A copy under way, whose snapshots are still there, is gone on with by a later live worker, whose epoch is another.
    static func goOn(epoch: Int64) -> String { "UPDATE _dbmigration.journal SET source_epoch = \(epoch)" }

    /// SQLSTATE of a transaction begun by a worker which is no longer in charge.
    static let overtaken = "DBM01"

    /// Waits for workers' transactions and holds up the next ones; nothing without a journal.
    static let lock =
        "DO $$ BEGIN IF to_regclass('_dbmigration.journal') IS NOT NULL THEN PERFORM FROM _dbmigration.journal FOR UPDATE; END IF; END $$"

    /// First statement of every transaction that writes rows or schema. Fails when another worker took over, or the target was opened or
    /// cleaned up; until the transaction ends nobody can do any of this.
    static func check(_ task: WorkerTask) -> String {
        block(
            """
            IF to_regclass('_dbmigration.journal') IS NULL THEN \(raise("the migration was cleaned up here")); END IF;
            PERFORM FROM _dbmigration.journal WHERE uid = \(SQL.literal(task.uid)) AND source_epoch = \(task.sourceEpoch) AND worker = \(task.number) AND phase <> 'opened' FOR SHARE;
            IF NOT FOUND THEN \(raise("another worker took over")); END IF;
            \(refuseOpenTarget)
            """)
    }

    /// The same for the transaction in which a worker takes over.
    static let checkTarget = block(refuseOpenTarget)

    static func block(_ body: String) -> String { "DO " + SQL.literal("BEGIN \(body) END") }

    static func raise(_ message: String) -> String { "RAISE EXCEPTION '\(message)' USING ERRCODE = '\(overtaken)'" }

    private static let refuseOpenTarget =
        "IF \(Guard.source) NOT LIKE '%dbmigration:refusing%' THEN \(raise("the target was opened: its fence is no longer closed")); END IF;"

    /// Ends the copying of whoever is in charge; nothing without a journal.
    static let open =
        "DO $$ BEGIN IF to_regclass('_dbmigration.journal') IS NOT NULL THEN UPDATE _dbmigration.journal SET phase = 'opened'; END IF; END $$"

    static func enter(_ phase: Phase) -> String { "UPDATE _dbmigration.journal SET phase = '\(phase.rawValue)', changed_at = clock_timestamp()" }

    /// The verifier's number counts on its own, so the epoch is the condition.
    static func markVerified(uid: String, epoch: Int64) -> String {
        "UPDATE _dbmigration.journal SET phase = 'verified', changed_at = clock_timestamp() WHERE uid = \(SQL.literal(uid)) AND source_epoch = \(epoch) AND phase <> 'opened'"
    }

    static func list(_ tables: [Table]) -> String {
        guard !tables.isEmpty else { return "SELECT 1" }
        let values = tables.map { "(\(SQL.literal($0.schema)), \(SQL.literal($0.name)), \($0.bytes))" }.joined(separator: ", ")
        return "INSERT INTO _dbmigration.copied (schema, name, bytes_total) VALUES \(values) ON CONFLICT DO NOTHING"
    }
}
