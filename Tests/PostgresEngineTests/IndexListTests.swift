import Testing

@testable import PostgresEngine

extension DatabaseTests {
    @Suite("The list of indexes") struct IndexList {
        @Test("of a table: those that one process builds first, then the largest")
        func order() async throws {
            let scenario = try await Scenario.make(
                "index order",
                schema: [
                    "CREATE TABLE t (id int PRIMARY KEY, small int, large text, tags int[])",
                    "INSERT INTO t SELECT g, 1, repeat(md5(g::text), 8), ARRAY[g] FROM generate_series(1, 500) g",
                    "CREATE INDEX small ON t (small)", "CREATE INDEX large ON t (large)", "CREATE INDEX tags ON t USING gin (tags)",
                ])
            let names = try await scenario.source.superuser(scenario.databases[0]) { session in
                try await SourceCatalog(session: session).indexes().map(\.name)
            }
            #expect(names.prefix(2) == ["tags", "large"])
        }
    }
}
