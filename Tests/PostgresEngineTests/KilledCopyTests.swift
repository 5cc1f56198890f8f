import Foundation
import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    /// Something dies at a moment nobody chose: the copy ends complete all the same, keeps what was committed, and leaves no half of a table.
    @Suite("A copy that is killed at random moments") struct KilledCopy {
        private static let servers = Task { (try await Cluster.own("killed source"), try await Cluster.own("killed target")) }
        private static let killsEach = 10
        /// The issue's measure is 200: `DBMIGRATION_TEST_KILLS=200 hack/test --filter KilledCopy`.
        private static let kills = ProcessInfo.processInfo.environment["DBMIGRATION_TEST_KILLS"].flatMap { Int($0) } ?? killsEach

        private enum Victim: String, CaseIterable { case worker, session, source, target }

        @Test("with one of every object: nothing is lost, copied twice or left half", arguments: 1...max(1, kills / killsEach))
        func killed(round: Int) async throws {
            var scenario = try await Scenario.make("killed \(round)", on: Self.servers.value)
            scenario.administrators = ("postgres", "postgres")
            scenario.verification = .checksum
            try await scenario.load(Set(Everything.allCases))
            try await scenario.source.superuser(scenario.databases[0]) { try await $0.execute(Self.bulk + Self.logged) }
            let before = try await DatabaseContent.read(scenario.source, scenario.databases[0])
            try await scenario.port.prepareTarget(scenario.context)
            try await scenario.port.closeSource(scenario.context, epoch: 0)

            var (epoch, number, kills) = (Int64(1), 1, 0)
            // How long an undisturbed copy takes here.
            var whole = try await copy(scenario, epoch: epoch, number: number)
            while kills < Self.killsEach {
                // What an earlier fence let through is copied anew.
                try await scenario.port.openSource(scenario.context, epoch: epoch)
                try await scenario.port.closeSource(scenario.context, epoch: epoch + 1)
                (epoch, number) = (epoch + 2, number + 1)
                // Ever later moments of the same copy, until it is through.
                while kills < Self.killsEach {
                    let (victim, moment) = (Victim.allCases.randomElement() ?? .worker, Duration.milliseconds(Int.random(in: 0...Int(whole))))
                    let worker = try start(scenario, epoch: epoch, number: number)
                    try await Task.sleep(for: moment)
                    guard worker.isRunning else {
                        let result = await worker.result()
                        try #require(result?.succeeded == true, "\(result?.message ?? "no result")")
                        break
                    }
                    try await kill(victim, worker, scenario)
                    kills += 1
                    let result = await worker.result()
                    #expect(result == nil || result?.succeeded == true || result?.mayRetry == true, "\(victim) \(moment): \(result?.message ?? "")")
                    let kept = try await copied(scenario, in: "phase = 'schema'")
                    let halves = try await rowsOfUnfinished(scenario)
                    #expect(halves == [], "\(victim) killed after \(moment)")
                    number += 1
                    if kills == Self.killsEach || Bool.random() {
                        whole = min(whole, try await copy(scenario, epoch: epoch, number: number))
                        let after = try await copied(scenario)
                        let again = kept.filter { after[$0.key] != $0.value }.keys.sorted()
                        #expect(again == [], "copied twice: \(victim) killed after \(moment)")
                        break
                    }
                }
            }
            let verified = await scenario.work(.verify, number: number + 1, epoch: epoch)
            #expect(verified.message == "row counts and checksums are equal", "\(verified.message)")
            try await scenario.port.openTarget(scenario.context, epoch: 1)
            let (now, after) = try await (
                DatabaseContent.read(scenario.source, scenario.databases[0]), DatabaseContent.read(scenario.target, scenario.databases[0])
            )
            // A crash of the source moves its sequences on.
            var expected = before
            for (fact, value) in now.facts where fact.hasPrefix("state of ") && after.facts[fact] == value { expected.facts[fact] = value }
            #expect(expected.differences(after) == [])
        }

        /// So much that a part of the time is spent in rows, in whole tables and in parts.
        private static let bulk = """
            CREATE TABLE bulk_parts (id int PRIMARY KEY, pad text); INSERT INTO bulk_parts SELECT g, repeat('p', 300) FROM generate_series(1, 60000) g;
            CREATE TABLE bulk_whole (id int REFERENCES bulk_parts, pad text); INSERT INTO bulk_whole SELECT g, repeat('w', 20) FROM generate_series(1, 40000) g;
            CREATE INDEX ON bulk_whole (pad, id); CREATE INDEX ON bulk_whole (id)
            """

        /// A crash of the source itself empties what is unlogged; ``Unlogged`` has the target's.
        private static let logged = """
            ; DO $$ DECLARE t regclass; BEGIN
                FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relpersistence = 'u' LOOP EXECUTE format('ALTER TABLE %s SET LOGGED', t); END LOOP;
            END $$
            """

        // MARK: The copy

        private func start(_ scenario: Scenario, epoch: Int64, number: Int) throws -> WorkerProcess {
            var plan = scenario.plan
            plan.copy.splitAboveMiB = 4
            let task = WorkerTask(uid: scenario.uid, step: .copy, number: number, sourceEpoch: epoch, plan: plan)
            return try WorkerProcess.start(task, as: scenario.administrators)
        }

        /// Copies to the end.
        ///
        /// - Returns: Milliseconds that took.
        private func copy(_ scenario: Scenario, epoch: Int64, number: Int) async throws -> Double {
            let clock = ContinuousClock()
            let begin = clock.now
            let result = try await start(scenario, epoch: epoch, number: number).result()
            try #require(result?.succeeded == true, "\(result?.message ?? "no result")")
            return (clock.now - begin) / .milliseconds(1)
        }

        private func kill(_ victim: Victim, _ worker: WorkerProcess, _ scenario: Scenario) async throws {
            switch victim {
            case .worker: worker.kill()
            case .source: try await scenario.source.crash()
            case .target: try await scenario.target.crash()
            case .session:
                // It may be one that is not needed any more, or there may be none.
                let cluster = Bool.random() ? scenario.source : scenario.target
                try await cluster.superuser("postgres") {
                    try await $0.execute(
                        "SELECT pg_terminate_backend(pid) FROM (SELECT pid \(Self.sessions(of: scenario)) ORDER BY random() LIMIT 1) s")
                }
            }
        }

        private static func sessions(of scenario: Scenario) -> String {
            "FROM pg_stat_activity WHERE application_name LIKE 'dbmigration/\(scenario.uid)/w%'"
        }

        // MARK: What is left

        /// When each table and part was copied, as the journal has it once nobody works any more.
        ///
        /// - Parameter phase: What has to be true of the journal; what crashes in its last steps may begin anew.
        private func copied(_ scenario: Scenario, in phase: String = "true") async throws -> [String: String] {
            _ = try await eventually {
                try await scenario.target.superuser("postgres") {
                    try await $0.rows("SELECT pg_terminate_backend(pid) \(Self.sessions(of: scenario))").isEmpty
                }
            }
            return try await scenario.target.superuser(scenario.databases[0]) { session in
                let rows = try await session.rows(
                    """
                    SELECT 'table ' || c.schema || '.' || c.name AS what, c.copied_at::text AS at FROM _dbmigration.copied c
                        WHERE c.copied_at IS NOT NULL AND EXISTS (SELECT FROM _dbmigration.journal WHERE \(phase))
                    UNION ALL SELECT 'part ' || c.schema || '.' || c.name || ' ' || c.number, c.copied_at::text FROM _dbmigration.part c
                        WHERE c.copied_at IS NOT NULL AND EXISTS (SELECT FROM _dbmigration.journal WHERE \(phase))
                    """)
                return Dictionary(rows.map { ($0.text("what"), $0.text("at")) }, uniquingKeysWith: { first, _ in first })
            }
        }

        /// Tables with rows of which the journal says that none are there.
        private func rowsOfUnfinished(_ scenario: Scenario) async throws -> [String] {
            try await scenario.target.superuser(scenario.databases[0]) { session in
                let tables = try await session.rows(
                    """
                    SELECT schema, name FROM _dbmigration.copied c WHERE copied_at IS NULL AND parts_left = parts
                    AND EXISTS (SELECT FROM _dbmigration.journal WHERE phase = 'schema')
                    """)
                var found: [String] = []
                for table in tables {
                    let name = SQL.identifier(table.text("schema"), table.text("name"))
                    if try await session.rows("SELECT 1 FROM ONLY \(name) LIMIT 1").isEmpty == false { found.append(name) }
                }
                return found
            }
        }
    }
}
