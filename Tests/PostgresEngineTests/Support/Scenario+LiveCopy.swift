import Logging
import MigrationCore
import MigrationPorts
import MigrationWorker
import PostgresEngine
import StructuredData
import Synchronization
import Testing

extension Scenario {
    /// A live scenario with a prepared target; whatever `body` does, no lane stays on the shared servers, which have few slots.
    static func live(_ name: String, databases: Int = 1, lanes: Int = 1, schema: [String], _ body: (Scenario) async throws -> Void) async throws {
        var scenario = try await make(name, databases: databases, schema: schema)
        scenario.isLive = true
        scenario.lanes = lanes
        do {
            try await scenario.port.prepareTarget(scenario.context)
            try await body(scenario)
        } catch {
            try await scenario.end()
            throw error
        }
        try await scenario.end()
    }

    /// In live mode each worker is an epoch of its own.
    func workLive(
        _ step: WorkerStep, number: Int = 1, verification: Plan.Verification = .rowCount, logger: Logger = Logger(label: "test")
    ) async -> WorkerResult {
        var plan = plan
        plan.verification = verification
        return await work(WorkerTask(uid: uid, step: step, number: number, sourceEpoch: Int64(number), plan: plan), logger: logger)
    }

    func work(_ task: WorkerTask, logger: Logger = Logger(label: "test")) async -> WorkerResult {
        let environment = [
            WorkerEnvironment.sourceUser: "Admin", WorkerEnvironment.targetUser: "Admin", WorkerEnvironment.sourcePassword: Cluster.password,
            WorkerEnvironment.targetPassword: Cluster.password,
        ]
        return await MigrationWorker(logger: logger).run(task: task, environment: environment)
    }

    func connect() async throws { try await port.connectLanes(context, .forward, epoch: 0) }

    func value(_ sql: String, on cluster: Cluster, readWrite: Bool) async throws -> String? {
        try await cluster.superuser(databases[0]) { session in
            try await session.execute("SET default_transaction_read_only = off; SET session_replication_role = replica")
            return try await session.rows(sql).first?[0]
        }
    }

    /// The name the lane of a database has when `worker` made it.
    func lane(worker: Int, number: Int = 1, _ database: String? = nil) async throws -> String {
        let oid = try await value("SELECT oid FROM pg_database WHERE datname = current_database()", on: source, database) ?? ""
        return "dbmigration_\(uid.filter { $0 != "-" }.prefix(20))_\(oid)_f\(number)_k\(worker)"
    }

    /// Names of this migration's lanes on the source, each of which has slot and publication.
    func lanes() async throws -> [String] {
        let prefix = "dbmigration_\(uid.filter { $0 != "-" }.prefix(20))_%"
        var publications: [String] = []
        for database in databases {
            publications += try await source.superuser(database) { session in
                try await session.rows("SELECT pubname FROM pg_publication WHERE pubname LIKE '\(prefix)'").compactMap { $0[0] }
            }
        }
        let slots = try await source.superuser("postgres") { session in
            try await session.rows("SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE '\(prefix)'").compactMap { $0[0] }
        }
        #expect(slots.sorted() == publications.sorted())
        return slots.sorted()
    }

    /// Nobody writes any more: once the lane is at the source's position, every table holds the same rows on both sides.
    func expectEqual(_ tables: [String], _ location: SourceLocation = #_sourceLocation) async throws {
        let position = try #require(try await value("SELECT pg_current_wal_insert_lsn()", on: source).flatMap { WALPosition($0) })
        #expect(
            try await eventually {
                let lanes = try await lanes(.forward).lanes
                return !lanes.isEmpty && lanes.allSatisfy { $0.confirmed ?? .init(bytes: 0) >= position }
            }, sourceLocation: location)
        for table in tables {
            let content = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM \(table) t"
            let (before, after) = try await (value(content, on: source), value(content, on: target))
            #expect(before == after, "\(table)", sourceLocation: location)
        }
    }

    // MARK: Load

    /// Applications which write until they are stopped; `stop` answers how many statements they were told are done.
    struct Load {
        let task: Task<Int, Never>
        func stop() async -> Int {
            task.cancel()
            return await task.value
        }
    }

    /// `#` stands for a number.
    private static let ways = [
        "INSERT INTO ledger (v) VALUES (#)", "UPDATE ledger SET v = v + 1 WHERE id = # % 2500", "DELETE FROM ledger WHERE id = (# * 7) % 2000",
        "UPDATE big SET pad = 'p#' WHERE id = (# * 31) % 150000", "INSERT INTO big VALUES (200000 + #, 'new')",
        "DELETE FROM big WHERE id = 150000 - #",
        "UPDATE whole SET b = 'b#' WHERE a = # % 100", "UPDATE parted SET v = 'v#' WHERE k = # % 200",
        "WITH moved AS (DELETE FROM parted WHERE k = # % 200 RETURNING k, v) INSERT INTO parted SELECT 199 - k, v FROM moved ON CONFLICT DO NOTHING",
        #"INSERT INTO "Qu'eue "" é" VALUES (#, 'v')"#, "INSERT INTO child VALUES (1000 + #, 1 + # % 2000)",
        "BEGIN; INSERT INTO ledger (v) VALUES (-#); SAVEPOINT s; DELETE FROM whole; ROLLBACK TO s; UPDATE whole SET b = 'x' WHERE a = 1; COMMIT",
    ]

    /// Inserts, updates, deletes and truncates in tables of ``DatabaseTests/LiveCopy/schema``.
    func startLoad() -> Load {
        Load(
            task: Task {
                async let first = write(Self.ways)
                async let second = write(Self.ways.reversed())
                return await first + second
            })
    }

    private func write(_ ways: [String]) async -> Int {
        guard let client = try? await application(on: source) else { return 0 }
        var number = 0
        while !Task.isCancelled {
            number += 1
            let statement = number % 60 == 0 ? #"TRUNCATE "Qu'eue "" é""# : ways[number % ways.count]
            do {
                try await client.execute(statement.replacing("#", with: String(number)))
            } catch {
                // A key that is taken, a deadlock: what counts is what the source holds.
                _ = try? await client.execute("ROLLBACK")
            }
        }
        await client.close()
        return number
    }
}

/// A logger's lines, kept.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var text: String { lines.withLock { $0.joined(separator: "\n") } }
    var logger: Logger { Logger(label: "test") { _ in Handler(lines: self) } }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            lines.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
