import MigrationCore
import PostgresEngine
import Torture

/// What no copy gets by without: the rows through two COPY commands, then the indexes, with nothing around them. The largest table first, as many at
/// once as there are jobs. Each table is truncated in the transaction that fills it, so that its rows can be written frozen.
struct FloorContender: CopyContender {
    let ways: [CopyWay] = [.floor, .indexes]

    private static let definitions = ClientScript(
        text: #"from pg_dump --section=pre-data | into psql -X -q -v ON_ERROR_STOP=1 -o /dev/null"#, attempt: "make the floor's tables")
    private static let table = ClientScript(
        text: """
            { echo "BEGIN; TRUNCATE $TABLE; COPY $TABLE FROM STDIN WITH (FREEZE);"
              from psql -X -q -v ON_ERROR_STOP=1 -c "COPY $TABLE TO STDOUT"
              printf '\\\\.\\nCOMMIT;\\n'
            } | into psql -X -q -v ON_ERROR_STOP=1
            """, attempt: "copy a table of the floor")

    func prepare(_ stage: CopyStage) async throws {
        try await stage.makeTarget()
        try await Self.definitions.run(stage)
    }

    func run(_ way: CopyWay, _ stage: CopyStage) async throws -> Double? {
        if way == .floor {
            let tables = try await stage.cluster.rows(.source, stage.database, Self.tables).compactMap { $0[0] }
            try await atOnce(stage.jobs, tables) { try await Self.table.run(stage, adding: ["TABLE": $0]) }
        } else {
            let indexes = try await stage.cluster.rows(.source, stage.database, Self.indexes).map { ($0[0] ?? "", $0[1]) }
            try await atOnce(stage.jobs, indexes.map(\.0)) { try await stage.cluster.rows(.target, stage.database, $0) }
            // At once done: each takes over an index that is there.
            for constraint in indexes.compactMap(\.1) { try await stage.cluster.rows(.target, stage.database, constraint) }
        }
        return nil
    }

    private static let tables = """
        SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND \(CopyStage.ownSchemas)
        ORDER BY pg_table_size(c.oid) DESC
        """

    private static let indexes = """
        SELECT pg_get_indexdef(i.indexrelid), 'ALTER TABLE ' || format('%I.%I', n.nspname, c.relname) || ' ADD CONSTRAINT ' || quote_ident(k.conname)
            || CASE k.contype WHEN 'p' THEN ' PRIMARY KEY' ELSE ' UNIQUE' END || ' USING INDEX ' || quote_ident(k.conname)
        FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u') WHERE c.relkind = 'r' AND \(CopyStage.ownSchemas)
        ORDER BY pg_relation_size(i.indexrelid) DESC
        """

    private func atOnce(_ limit: Int, _ texts: [String], _ body: @escaping @Sendable (String) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, text) in texts.enumerated() {
                if index >= limit { try await group.next() }
                group.addTask { try await body(text) }
            }
            try await group.waitForAll()
        }
    }
}
