import MigrationCore
import MigrationPorts

/// Copies the large objects of one database, by their numbers: some hundred at a time, each batch with its journal row in one transaction, so that
/// a worker that comes later goes on behind the last of them.
///
/// The source streams chunks by `COPY`; on the target a trigger puts each chunk into its object and keeps no row.
struct LargeObjects: Sendable {
    let context: CopyContext
    let database: Plan.Database
    let view: SourceView
    /// On the target.
    let session: PostgresConnection

    /// Giving away an object takes a lock on it, and a server has some thousand.
    private static let objectsAtOnce = 500
    private static let bytesAtOnce: Int64 = 256 << 20

    func run() async throws {
        try await context.inCharge(session) {
            try await session.execute(Self.createTables, attempt: "create the journal of large objects")
        }
        // No lane would carry what is written to them; preflight refuses them.
        if context.isLive { return try await clear(after: "0", through: nil) }
        try await view.with { source in
            var last = try await session.rows("SELECT max(last) FROM _dbmigration.large_objects", attempt: "read the journal").first?[0] ?? "0"
            while let batch = try await Batch.next(source, after: last, objects: Self.objectsAtOnce, bytes: Self.bytesAtOnce) {
                try await clear(after: last, through: batch.last)
                try await copy(batch, source)
                last = batch.last
            }
            try await clear(after: last, through: nil)
        }
    }

    private func copy(_ batch: Batch, _ source: PostgresConnection) async throws {
        let attempt = "copy large objects \(batch.first) to \(batch.last) of \(database.name)"
        let statements = try await properties(batch, source)
        try await context.inCharge(session) {
            try await session.execute("SELECT lo_create(id) FROM unnest('{\(batch.objects.joined(separator: ","))}'::oid[]) id", attempt: attempt)
            try await source.startCopyOut("COPY (\(Self.chunks(batch.condition))) TO STDOUT (FORMAT binary)", attempt: attempt)
            try await session.startCopyIn("COPY _dbmigration.large_object_chunk (id, start, data) FROM STDIN (FORMAT binary)", attempt: attempt)
            // The trigger keeps none of them.
            _ = try await CopyStream(source: source, target: session, attempt: attempt).run()
            if !statements.isEmpty {
                try await session.execute(statements.joined(separator: ";\n"), attempt: "give \(attempt.dropFirst(5)) to their owners")
            }
            try await view.prove(source)
            try await session.execute(
                "INSERT INTO _dbmigration.large_objects (last, objects, bytes) VALUES (\(batch.last), \(batch.objects.count), \(batch.bytes))",
                attempt: "write the journal")
        }
    }

    /// Removes what an earlier copy left between two numbers.
    private func clear(after first: String, through last: String?) async throws {
        let range = "oid > \(first)" + (last.map { " AND oid <= \($0)" } ?? "")
        var removed = Self.objectsAtOnce
        while removed == Self.objectsAtOnce {
            removed = try await context.inCharge(session) {
                try await session.rows(
                    """
                    SELECT lo_unlink(oid) FROM (SELECT oid FROM pg_largeobject_metadata WHERE \(range) ORDER BY oid LIMIT \(Self.objectsAtOnce)) o
                    """, attempt: "remove the large objects of an earlier copy from \(database.targetName)"
                ).count
            }
        }
    }

    /// Owners, privileges and comments, as statements.
    private func properties(_ batch: Batch, _ source: PostgresConnection) async throws -> [String] {
        let keepsRoles = context.task.plan.copy.roles == .createMissing
        return try await source.rows(Self.properties(batch.condition, keepsRoles: keepsRoles), attempt: "read the owners of large objects")
            .compactMap { $0[0] }
    }

    // MARK: Statements

    /// Bytes of one row of the stream.
    private static let chunkBytes = 262_144

    private static let createTables = """
        CREATE TABLE IF NOT EXISTS _dbmigration.large_objects (last oid PRIMARY KEY, objects bigint NOT NULL, bytes bigint NOT NULL);
        CREATE TABLE IF NOT EXISTS _dbmigration.large_object_chunk (id oid, start bigint, data bytea);
        CREATE OR REPLACE FUNCTION _dbmigration.put_large_object() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
            AS 'BEGIN PERFORM lo_put(NEW.id, NEW.start, NEW.data); RETURN NULL; END';
        DROP TRIGGER IF EXISTS put ON _dbmigration.large_object_chunk;
        CREATE TRIGGER put BEFORE INSERT ON _dbmigration.large_object_chunk FOR EACH ROW EXECUTE FUNCTION _dbmigration.put_large_object()
        """

    /// What the next copy has to know: nothing was copied.
    static let forget =
        "DO $$ BEGIN IF to_regclass('_dbmigration.large_objects') IS NOT NULL THEN DELETE FROM _dbmigration.large_objects; END IF; END $$"

    /// Numbers and lengths, in order. A subquery with OFFSET stays as it is, so that what is opened is closed.
    static func lengths(_ condition: String) -> String {
        """
        SELECT oid, pg_catalog.lo_lseek64(fd, 0, 2) AS bytes, pg_catalog.lo_close(fd) AS closed
        FROM (SELECT oid, pg_catalog.lo_open(oid, 262144) AS fd FROM pg_catalog.pg_largeobject_metadata WHERE \(condition) ORDER BY oid OFFSET 0) o OFFSET 0
        """
    }

    private static func chunks(_ condition: String) -> String {
        """
        SELECT o.oid AS id, c.start, pg_catalog.lo_get(o.oid, c.start, \(chunkBytes)) AS data
        FROM (\(lengths(condition))) o, LATERAL pg_catalog.generate_series(0, o.bytes - 1, \(chunkBytes)::bigint) c(start)
        """
    }

    /// How many there are, and what they hold together: their bytes, or the sum of their chunks' hashes.
    static func reading(_ method: Plan.Verification) -> String {
        guard method == .checksum else { return "SELECT count(*) AS count, coalesce(sum(bytes), 0)::text AS content FROM (\(lengths("true"))) l" }
        return """
            SELECT (SELECT count(*) FROM pg_catalog.pg_largeobject_metadata) AS count,
                sum(pg_catalog.hashtextextended(concat_ws(' ', id, start, pg_catalog.md5(data)), 0))::text AS content FROM (\(chunks("true"))) c
            """
    }

    /// Privileges are given by the owner, whoever gave them on the source.
    private static func properties(_ condition: String, keepsRoles: Bool) -> String {
        let comments = """
            SELECT oid, 0 AS place, format('COMMENT ON LARGE OBJECT %s IS %L', oid, obj_description(oid, 'pg_largeobject')) AS statement
            FROM pg_largeobject_metadata WHERE \(condition) AND obj_description(oid, 'pg_largeobject') IS NOT NULL
            """
        let roles = """
            SELECT oid, 1, format('ALTER LARGE OBJECT %s OWNER TO %I', oid, pg_get_userbyid(lomowner)) FROM pg_largeobject_metadata WHERE \(condition)
            UNION ALL SELECT oid, 2, format('REVOKE ALL ON LARGE OBJECT %s FROM %I', oid, pg_get_userbyid(lomowner)) FROM pg_largeobject_metadata
            WHERE \(condition) AND lomacl IS NOT NULL
            UNION ALL SELECT oid, 3 + a.place, format('GRANT %s ON LARGE OBJECT %s TO %s%s', privilege_type, oid,
                CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
            FROM pg_largeobject_metadata, aclexplode(lomacl) WITH ORDINALITY a(grantor, grantee, privilege_type, is_grantable, place) WHERE \(condition)
            """
        let parts = keepsRoles ? [comments, roles] : [comments]
        return "SELECT statement FROM (\(parts.joined(separator: "\nUNION ALL "))) s ORDER BY oid, place"
    }

    // MARK: Batches

    /// Neighbours, by their numbers.
    private struct Batch: Sendable {
        var objects: [String]
        var bytes: Int64
        var first: String { objects.first ?? "0" }
        var last: String { objects.last ?? "0" }
        var condition: String { "oid BETWEEN \(first) AND \(last)" }

        /// At most so many objects of together so many bytes, at least one; `nil` behind the last.
        static func next(_ source: PostgresConnection, after last: String, objects: Int, bytes: Int64) async throws -> Batch? {
            let some = "oid IN (SELECT oid FROM pg_catalog.pg_largeobject_metadata WHERE oid > \(last) ORDER BY oid LIMIT \(objects))"
            var batch = Batch(objects: [], bytes: 0)
            for row in try await source.rows(LargeObjects.lengths(some), attempt: "list large objects") {
                let length = row.integer("bytes") ?? 0
                if !batch.objects.isEmpty, batch.bytes + length > bytes { break }
                batch.objects.append(row.text("oid"))
                batch.bytes += length
            }
            return batch.objects.isEmpty ? nil : batch
        }
    }
}

extension LargeObjects {
    /// Compares both sides, in sessions of each.
    ///
    /// - Returns: what differs, in words.
    static func difference(_ source: PostgresConnection, _ target: PostgresConnection, by method: Plan.Verification) async throws -> String? {
        guard method != .none else { return nil }
        let query = reading(method)
        let (before, after) = (
            try await source.rows(query, attempt: "read large objects").first, try await target.rows(query, attempt: "read large objects").first
        )
        let (known, found) = (before?.integer("count") ?? 0, after?.integer("count") ?? 0)
        if known != found { return "\(known) large objects on the source, \(found) on the target" }
        return before?["content"] == after?["content"] ? nil : "\(known) large objects on both sides, but their contents differ"
    }
}
