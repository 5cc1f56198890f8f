import PostgresEngine

/// Holds a copy in the middle of a table, however fast the machine is: there a CHECK constraint waits for a lock which the gate has on the target.
struct CopyGate {
    private static let lock = 4711
    private let session: PostgresConnection
    private let scenario: Scenario

    /// Statements that build the gate into a table, before the row whose `id` is `row`.
    static func schema(_ table: String, row: Int) -> [String] {
        [
            "CREATE FUNCTION gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock_shared(\(lock)); RETURN true; END $$",
            "ALTER TABLE \(table) ADD CHECK (id <> \(row) OR gate())",
        ]
    }

    fileprivate init(_ scenario: Scenario) async throws {
        self.scenario = scenario
        session = try await scenario.target.client(scenario.databases[0])
        try await session.execute("SELECT pg_advisory_lock(\(Self.lock))")
    }

    /// Waits until so many lanes of a copy, or more, stand before the gate.
    func isReached(by lanes: Int = 1) async throws -> Bool {
        let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND (classid, objid) = (0, \(Self.lock))"
        return try await eventually { Int(try await scenario.value(waiting, on: scenario.target) ?? "") ?? 0 >= lanes }
    }

    func open() async { await session.close() }

    /// Starts statements of an application on the source, and opens the gate once one of them waits for a lock, as it does when the copy reads the table.
    func open(behind statements: [String]) async throws {
        let client = try await scenario.application(on: scenario.source)
        let backend = await client.backend
        async let finished: Void = { for statement in statements { try await client.execute(statement) } }()
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE pid = \(backend) AND wait_event_type = 'Lock'"
        let waited = try await eventually { try await scenario.value(waits, on: scenario.source) != "0" }
        await open()
        try await finished
        await client.close()
        if !waited { throw GateError() }
    }

    struct GateError: Error, CustomStringConvertible { let description = "the application waited for no lock: the copy did not read the table" }
}

extension Scenario {
    /// Closes the gate of the first database. A copy of it stands still from there on, until the gate is opened.
    func closeGate() async throws -> CopyGate { try await CopyGate(self) }
}
