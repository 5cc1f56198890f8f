import MigrationCore
import PostgresEngine
import Torture

/// What a copy must not lose.
struct CopyContent: Sendable, Hashable, CustomStringConvertible {
    var tables: Int
    var rows: Int
    /// Valid ones only.
    var indexes: Int
    /// Of every table's name and number of rows.
    var digest: String
    /// Of tables with indexes and TOAST.
    var bytes: Int

    var description: String { "\(tables) tables, \(rows) rows (\(digest.prefix(8))), \(indexes) indexes" }

    /// Size says nothing about completeness, and the floor has no indexes.
    func isCopied(by copy: CopyContent, withIndexes: Bool) -> Bool {
        copy.tables == tables && copy.rows == rows && copy.digest == digest && copy.indexes == (withIndexes ? indexes : 0)
    }

    static func read(_ side: Side, _ stage: CopyStage) async throws -> CopyContent {
        let row = try await stage.cluster.rows(side, stage.database, query).first
        func integer(_ position: Int) -> Int { row?[position].flatMap { Int($0) } ?? 0 }
        return CopyContent(tables: integer(0), rows: integer(1), indexes: integer(2), digest: row?[3] ?? "", bytes: integer(4))
    }

    /// Counted, not estimated.
    private static let query = """
        CREATE FUNCTION pg_temp.rows_of(t regclass) RETURNS bigint LANGUAGE plpgsql AS $$
            DECLARE n bigint; BEGIN EXECUTE format('SELECT count(*) FROM %s', t) INTO n; RETURN n; END $$;
        WITH tables AS MATERIALIZED (
            SELECT c.oid, n.nspname || '.' || c.relname AS name, pg_temp.rows_of(c.oid) AS rows FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', '_dbmigration') AND n.nspname NOT LIKE 'pg\\_t%')
        SELECT count(*), sum(rows), (SELECT count(*) FROM pg_index i JOIN tables t ON t.oid = i.indrelid WHERE i.indisvalid),
            md5(string_agg(name || ' ' || rows, ',' ORDER BY name)), sum(pg_total_relation_size(oid)) FROM tables
        """
}
