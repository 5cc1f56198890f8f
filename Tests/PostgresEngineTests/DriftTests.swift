import MigrationCore
import MigrationPorts
import Testing

@testable import PostgresEngine

@Suite("Comparison of shapes") struct ShapeComparisonTests {
    private typealias Column = DatabaseShape.Column

    private func shape(_ columns: [ExactName: DatabaseShape.Column], identity: String = "(id)") -> DatabaseShape {
        DatabaseShape(tables: ["public.t": .init(columns: columns, identity: identity)])
    }

    private func found(_ publisher: DatabaseShape, _ subscriber: DatabaseShape, _ direction: Direction = .forward, bothWays: Bool = false) -> [String]
    {
        ShapeComparison(direction: direction, bothWays: bothWays).differences(publisher: publisher, subscriber: subscriber).map(\.text)
    }

    private let id: [ExactName: DatabaseShape.Column] = ["id": DatabaseShape.Column(type: "bigint", isRequired: true)]

    @Test("equal shapes, and tables that only the subscriber has, are no difference")
    func equal() {
        var more = shape(id)
        more.tables["public.extra"] = .init()
        #expect(found(shape(id), shape(id), bothWays: true) == [])
        #expect(found(shape(id), more, bothWays: true) == [])
    }

    @Test("a column of the publisher alone always counts")
    func publishersColumn() {
        let wider = shape(id.merging(["note": Column(type: "text")]) { $1 })
        #expect(found(wider, shape(id)) == ["public.t has column note text on the source only"])
        #expect(found(wider, shape(id), .reverse) == ["public.t has column note text on the target only"])
    }

    @Test("a column of the subscriber alone counts when no row can be inserted without it, or when it will publish")
    func subscribersColumn() {
        let wider = shape(id.merging(["note": Column(type: "text")]) { $1 })
        #expect(found(shape(id), wider, .reverse) == [])
        #expect(found(shape(id), wider, bothWays: true) == ["public.t has column note text on the target only"])
        let required = shape(id.merging(["note": Column(type: "text", isRequired: true)]) { $1 })
        #expect(found(shape(id), required, .reverse) == ["public.t has column note text on the source only"])
        let filled = shape(id.merging(["note": Column(type: "text", isRequired: true, hasDefault: true)]) { $1 })
        #expect(found(shape(id), filled, .reverse) == [])
    }

    @Test("type, generation, collation and identity have to be the same; NOT NULL only where it could refuse a row")
    func columns() {
        func pair(_ mine: DatabaseShape.Column, _ theirs: DatabaseShape.Column, bothWays: Bool = false) -> [String] {
            found(shape(["c": mine]), shape(["c": theirs]), bothWays: bothWays)
        }
        #expect(
            pair(Column(type: "character varying(10)"), Column(type: "character varying(5)"))
                == ["public.t.c is character varying(10) on the source, character varying(5) on the target"])
        #expect(
            pair(Column(type: "int"), Column(type: "int", generated: "s"))
                == ["public.t.c is an ordinary column on the source, generated (stored) on the target"])
        #expect(
            pair(Column(type: "text", collation: "pg_catalog.C"), Column(type: "text", collation: "pg_catalog.default"))
                == ["public.t.c has collation pg_catalog.C on the source, pg_catalog.default on the target"])
        let (required, free) = (Column(type: "int", isRequired: true), Column(type: "int"))
        #expect(pair(free, required) == ["public.t.c is nullable on the source, NOT NULL on the target"])
        #expect(pair(required, free) == [])
        #expect(pair(required, free, bothWays: true) == ["public.t.c is NOT NULL on the source, nullable on the target"])
        #expect(
            found(shape(id), shape(id, identity: "FULL")) == ["public.t has replica identity (id) on the source, FULL on the target"])
    }

    @Test("labels of an enum, and a table that is gone")
    func others() {
        var (mine, theirs) = (shape(id), shape(id))
        mine.enums["public.mood"] = ["glad", "sad"]
        theirs.enums["public.mood"] = ["glad", "new"]
        #expect(found(mine, theirs) == ["type public.mood has label 'sad' on the source only"])
        #expect(found(mine, theirs, bothWays: true).count == 2)
        #expect(found(shape(id), DatabaseShape()) == ["table public.t is on the source only"])
    }

    @Test("a line names the database, a few differences, and on which side to do what")
    func text() {
        let comparison = ShapeComparison(direction: .forward, bothWays: true)
        func difference(_ number: Int, _ side: Side) -> ShapeComparison.Difference { .init(text: "t\(number) differs", lacking: side) }
        #expect(comparison.text("app", []) == nil)
        #expect(
            comparison.text("app", [difference(1, .target)])
                == "app: t1 differs; run the same ALTER TABLE on the target database (BEGIN READ WRITE first)")
        let many = (1...7).map { difference($0, $0 == 7 ? .source : .target) }
        #expect(
            comparison.text("app", many)
                == "app: t1 differs, t2 differs, t3 differs, t4 differs, t5 differs and 2 more; run the same ALTER TABLE on the source database, run the same ALTER TABLE on the target database (BEGIN READ WRITE first)"
        )
    }
}

@Suite("Memory of comparisons") struct DriftMemoryTests {
    private struct Failure: Error {}

    private let key = DriftMemory.Key(
        uid: "u", direction: .forward, source: .init(host: "a", credentials: .init(name: "")), target: .init(host: "b", credentials: .init(name: "")),
        databases: [])

    @Test("what fits is good for a minute, what differs for seconds, and either stands in for five minutes")
    func entry() {
        let now = ContinuousClock.now
        let (equal, different) = (DriftMemory.Entry(readAt: now), DriftMemory.Entry(readAt: now, drift: "x"))
        #expect(!equal.isDue(now + .seconds(59)) && equal.isDue(now + .seconds(60)))
        #expect(!different.isDue(now + .seconds(4)) && different.isDue(now + .seconds(5)))
        #expect(equal.isTrusted(now + .seconds(299)) && !equal.isTrusted(now + .seconds(300)))
    }

    @Test("reads once, and again when asked for a fresh one")
    func remembers() async {
        let memory = DriftMemory()
        #expect(await memory.drift(key, isFresh: false) { "first" } == "first")
        #expect(await memory.drift(key, isFresh: false) { "second" } == "first")
        #expect(await memory.drift(key, isFresh: true) { nil } == nil)
        #expect(await memory.drift(key, isFresh: false) { "fourth" } == nil)
    }

    @Test("what cannot be compared is never taken for equal where that decides")
    func failures() async {
        let memory = DriftMemory()
        #expect(await memory.drift(key, isFresh: false) { throw Failure() }?.contains("cannot be compared") == true)
        #expect(await memory.drift(key, isFresh: false) { nil } == nil)
        #expect(await memory.drift(key, isFresh: true) { throw Failure() }?.contains("cannot be compared") == true)
        #expect(await memory.drift(key, isFresh: false) { throw Failure() } == nil)
    }
}

extension DatabaseTests {
    @Suite("Drift") struct Drift {
        private func alter(_ scenario: Scenario, _ side: Side, _ statement: String) async throws {
            try await scenario.cluster(side).superuser(scenario.databases[0]) { session in
                try await session.execute("BEGIN READ WRITE; \(statement); COMMIT")
            }
        }

        private func drift(_ scenario: Scenario, _ direction: Direction = .forward) async -> String? {
            await scenario.port.observeDrift(scenario.context, direction, isFresh: true)
        }

        private static let schema = [
            "CREATE TYPE mood AS ENUM ('glad')",
            "CREATE TABLE ledger (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note varchar(10), mood mood, n int GENERATED ALWAYS AS (1) STORED)",
            "CREATE TABLE parted (k int PRIMARY KEY) PARTITION BY RANGE (k)",
            "CREATE TABLE leaf PARTITION OF parted FOR VALUES FROM (0) TO (10)",
        ]

        @Test("DDL on either side is found and named, and gone once the other side has it too")
        func named() async throws {
            let scenario = try await Scenario.makeLive("drift", schema: Self.schema)
            try await scenario.port.prepareLanes(scenario.context, .forward, epoch: 0)
            try await scenario.port.connectLanes(scenario.context, .forward, epoch: 0)
            #expect(await drift(scenario) == nil)
            let changes: [(Side, String, String)] = [
                (
                    .source, "ALTER TABLE ledger ADD COLUMN extra text",
                    "public.ledger has column extra text on the source only; run the same ALTER TABLE on the target"
                ),
                (
                    .target, "ALTER TABLE ledger ADD COLUMN early int",
                    "public.ledger has column early integer on the target only; run the same ALTER TABLE on the source"
                ),
                (
                    .source, "ALTER TABLE ledger ALTER COLUMN note TYPE varchar(20)",
                    "public.ledger.note is character varying(20) on the source, character varying(10) on the target"
                ),
                (
                    .source, "ALTER TABLE ledger ALTER COLUMN extra SET NOT NULL",
                    "public.ledger.extra is NOT NULL on the source, nullable on the target"
                ),
                (.source, "ALTER TABLE ledger REPLICA IDENTITY FULL", "public.ledger has replica identity FULL on the source, (id) on the target"),
                (.source, "ALTER TYPE mood ADD VALUE 'sad'", "type public.mood has label 'sad' on the source only"),
                (.source, "ALTER TABLE parted ADD COLUMN v text", "public.leaf has column v text on the source only"),
                (.source, "ALTER TABLE ledger RENAME TO book", "table public.book is on the source only"),
            ]
            for (side, statement, text) in changes {
                try await alter(scenario, side, statement)
                let found = await drift(scenario)
                #expect(found?.contains(text) == true && found?.contains(scenario.databases[0]) == true, "\(statement): \(found ?? "nothing")")
                try await alter(scenario, side == .source ? .target : .source, statement)
                #expect(await drift(scenario) == nil, "\(statement)")
            }
            // No lane carries a table made since, which the lane itself says; other orders of columns are no difference.
            try await alter(scenario, .source, "CREATE TABLE later (a int PRIMARY KEY); ALTER TABLE parted RENAME COLUMN v TO w")
            try await alter(scenario, .target, "ALTER TABLE parted RENAME COLUMN v TO w; ALTER TABLE book ADD COLUMN x int, ADD COLUMN y int")
            try await alter(scenario, .source, "ALTER TABLE book ADD COLUMN y int, ADD COLUMN x int")
            #expect(await drift(scenario) == nil)
            try await scenario.end()
        }

        @Test("after the switch only what the source lacks counts, and its DDL gets past the fence")
        func reverse() async throws {
            let scenario = try await Scenario.makeLive("drift back", schema: Self.schema)
            let (port, context) = (scenario.port, scenario.context)
            try await port.closeSource(context, epoch: 0)
            try await port.prepareLanes(context, .reverse, epoch: 1)
            #expect(await drift(scenario, .reverse) == nil)
            try await alter(scenario, .source, "ALTER TABLE ledger ADD COLUMN harmless text")
            #expect(await drift(scenario, .reverse) == nil)
            try await alter(scenario, .target, "ALTER TABLE ledger ADD COLUMN fresh text")
            #expect(await drift(scenario, .reverse)?.contains("column fresh text on the target only; run the same ALTER TABLE on the source") == true)
            // As documented for those who are no superuser: a session that passes the closed door.
            let session = try await Sessions(context.source, uid: "a person").database(scenario.databases[0])
            try await session.execute(
                "BEGIN READ WRITE; SET LOCAL ROLE \(SQL.identifier(scenario.role)); ALTER TABLE public.ledger ADD COLUMN fresh text; COMMIT")
            await session.close()
            #expect(await drift(scenario, .reverse) == nil)
            try await scenario.end()
        }
    }
}
