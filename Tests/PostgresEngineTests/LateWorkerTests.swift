import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// A Job delivered late or twice, and sessions which outlive their worker.
    @Suite("Workers which come late or stay too long") struct LateWorkers {
        static let schema = ["CREATE TABLE t (a int)", "INSERT INTO t VALUES (1)"]

        private func expectRejected(_ result: WorkerResult, _ word: String, _ location: SourceLocation = #_sourceLocation) {
            #expect(
                result.reason == .workerRejected && !result.mayRetry && result.message.contains(word), "\(result.message)", sourceLocation: location)
        }

        @Test("rejected on an open target, and its rows stay")
        func openTarget() async throws {
            let scenario = try await Scenario.make("late open", schema: Self.schema)
            _ = try await scenario.moveRows()
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            let client = try await scenario.application(on: scenario.target)
            try await client.execute("INSERT INTO t VALUES (2)")
            for epoch in [1, 2] {
                expectRejected(await scenario.work(.copy, number: 7, epoch: Int64(epoch)), "closed")
                expectRejected(await scenario.work(.verify, number: 7, epoch: Int64(epoch)), "closed")
            }
            #expect(await scenario.port.progress(scenario.context).value?.first?.phase == "Opened")
            #expect(try await client.rows("SELECT count(*) FROM t").first?[0] == "2")
            await client.close()
        }

        @Test("rejected while the source is open, or closed at another epoch")
        func openSource() async throws {
            let scenario = try await Scenario.make("late source", schema: Self.schema)
            try await scenario.port.prepareTarget(scenario.context)
            expectRejected(await scenario.work(.copy, epoch: 0), "source")
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            expectRejected(await scenario.work(.copy, epoch: 2), "source")
            try await scenario.port.openSource(scenario.context, epoch: 1)
            for epoch in [1, 2] { expectRejected(await scenario.work(.copy, epoch: Int64(epoch)), "source") }
            #expect(try await scenario.value("SELECT to_regclass('_dbmigration.journal')", on: scenario.target) == nil)
        }

        @Test("rejected after the clean-up, and leaves nothing")
        func removed() async throws {
            let scenario = try await Scenario.make("late removed", schema: Self.schema)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            try await scenario.port.removeArtefacts(scenario.context, side: .target)
            expectRejected(await scenario.work(.copy, epoch: 1), "target")
            #expect(await scenario.port.artefacts(scenario.context) == .value([.source]))
        }

        @Test("a preparation after the clean-up does not fence a target in use")
        func latePreparation() async throws {
            let scenario = try await Scenario.make("late prepare", schema: Self.schema)
            _ = try await scenario.moveRows()
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            try await scenario.port.removeArtefacts(scenario.context, side: .target)
            await #expect(throws: FenceFailure.self) { try await scenario.port.prepareTarget(scenario.context) }
            #expect(await scenario.port.artefacts(scenario.context) == .value([.source]))
            let client = try await scenario.application(on: scenario.target)
            try await client.execute("INSERT INTO t VALUES (2)")
            await client.close()
        }

        /// The copy of `scenario` up to a view which fills for minutes on the target.
        private func stuck(_ name: String) async throws -> (Scenario, Task<WorkerResult, Never>) {
            let target = try await Cluster.target.value
            let scenario = try await Scenario.make(
                name,
                schema: Self.schema + [
                    "CREATE MATERIALIZED VIEW slow AS SELECT 1 AS one FROM pg_sleep(CASE current_setting('port') WHEN '\(target.port)' THEN 200 ELSE 0 END)"
                ])
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let worker = Task { await scenario.work(.copy) }
            #expect(
                try await eventually {
                    try await scenario.value(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'", on: scenario.target)
                        == "1"
                })
            return (scenario, worker)
        }

        private func bounded(_ operation: () async throws -> Void) async rethrows {
            let duration = try await ContinuousClock().measure { try await operation() }
            #expect(duration < .seconds(8))
        }

        @Test("clean-up of the target ends a worker in a long transaction")
        func cleanUpEndsWorker() async throws {
            let (scenario, worker) = try await stuck("stuck cleanup")
            try await bounded { try await scenario.port.removeArtefacts(scenario.context, side: .target) }
            #expect(await worker.value.succeeded == false)
            #expect(await scenario.port.artefacts(scenario.context) == .value([.source]))
            #expect(await scenario.work(.copy, number: 2).reason == .workerRejected)
        }

        @Test("opening the target ends a worker in a long transaction, which cannot go on")
        func openingEndsWorker() async throws {
            let (scenario, worker) = try await stuck("stuck open")
            try await bounded { try await scenario.port.openTarget(scenario.context, epoch: 1) }
            let result = await worker.value
            #expect(!result.succeeded && result.mayRetry, "\(result.message)")
            expectRejected(await scenario.work(.copy, number: 2), "closed")
            #expect(await scenario.port.observeTarget(scenario.context, withPosition: true).value?.tookClientWrite == false)
        }

        @Test("opening the source ends a worker which reads there")
        func openingSource() async throws {
            let scenario = try await Scenario.make("stuck source", schema: Self.schema)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let options = ConnectionOptions(
                database: scenario.databases[0], applicationName: "dbmigration/\(scenario.uid)/w1", session: .replication)
            let reader = try await PostgresConnection.open(scenario.source.access(), options)
            try await reader.execute("BEGIN; SELECT * FROM t")
            try await bounded { try await scenario.port.openSource(scenario.context, epoch: 1) }
            await #expect(throws: PostgresError.self) { try await reader.execute("SELECT 1") }
            #expect(try await scenario.value("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal", on: scenario.source) == "0")
        }

        @Test("a killed worker's session is ended even when its lock is gone")
        func orphan() async throws {
            let scenario = try await Scenario.make("orphan", schema: Self.schema)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let options = ConnectionOptions(database: scenario.databases[0], applicationName: "dbmigration/\(scenario.uid)/w1")
            let orphan = try await PostgresConnection.open(scenario.target.access(), options)
            #expect(await scenario.work(.copy, number: 2).succeeded)
            await #expect(throws: PostgresError.self) { try await orphan.execute("SELECT 1") }
        }

        @Test("a worker whose sessions are all cut off in the middle is resumed without loss or duplicate", arguments: [Side.source, .target])
        func cutOff(side: Side) async throws {
            let scenario = try await Scenario.make("cut \(side)", schema: Recovery.schema)
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)
            let gate = try await scenario.closeGate()
            let first = Task { await scenario.work(.copy) }
            #expect(try await gate.isReached())
            let cluster = side == .source ? scenario.source : scenario.target
            _ = try await scenario.value(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'dbmigration/\(scenario.uid)%'",
                on: cluster)
            await gate.open()
            let cut = await first.value
            #expect(!cut.succeeded && cut.mayRetry, "\(cut.message)")
            #expect(await scenario.work(.copy, number: 2).succeeded)
            #expect(await scenario.work(.verify).succeeded)
            #expect(try await scenario.value("SELECT count(DISTINCT id) || ' ' || count(*) FROM big", on: scenario.target) == "200000 200000")
        }
    }
}
