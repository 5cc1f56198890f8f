import DevCluster
import MigrationCore
import PostgresEngine
import StructuredData
import Torture

/// A database of equal content on both servers, and what is written to it on the source.
struct ApplyStage: Sendable {
    let cluster: Cluster
    let database: String
    let tables: Int

    private static let accounts = 1000
    private static let pollPeriod = Duration.milliseconds(50)
    /// For the first transaction to arrive.
    private static let patience = Duration.seconds(120)

    /// How many transactions had arrived when.
    struct Progress: Sendable {
        struct Point: Sendable {
            var count: Int
            var at: ContinuousClock.Instant
        }
        /// With the first look that found any; what came before it says nothing about speed.
        var first: Point
        /// At the end, or when the last one came before time ran out.
        var last: Point
    }

    /// Filled on the source, empty on the target.
    func make() async throws {
        try await remove()
        for side in Side.allCases { try await cluster.createDatabase(database, on: side) }
        try await fill(.source)
    }

    func fill(_ side: Side) async throws {
        let pairs = (0..<tables).map { number in
            """
            CREATE TABLE app.accounts_\(number) (id int PRIMARY KEY, balance bigint NOT NULL, filler text NOT NULL);
            INSERT INTO app.accounts_\(number) SELECT g, 0, repeat('x', 80) FROM generate_series(0, \(Self.accounts - 1)) g;
            CREATE TABLE app.history_\(number) (id bigserial PRIMARY KEY, account int NOT NULL REFERENCES app.accounts_\(number), delta int NOT NULL,
                at timestamptz NOT NULL DEFAULT clock_timestamp(), filler text NOT NULL);
            CREATE INDEX ON app.history_\(number) (account); CREATE INDEX ON app.history_\(number) (at)
            """
        }
        let owner = SQL.identifier(cluster.server(side).administrator.user)
        try await cluster.rows(side, database, "SET ROLE \(owner); CREATE SCHEMA app; " + pairs.joined(separator: ";\n"))
    }

    func remove() async throws {
        for side in Side.allCases { try await cluster.dropDatabase(database, on: side) }
    }

    /// Writes so many transactions into each pair of tables, the pairs in turn, and answers how many there are then. One session does: pgcopydb 0.10
    /// gives up at transactions that lie across each other where one file of the log ends.
    func load(_ each: Int) async throws -> Int {
        try await cluster.rows(.source, database, transactions(each))
        return each * tables
    }

    /// A loop within the server, each round one transaction for each pair; no client could fill the log as fast.
    private func transactions(_ count: Int) -> String {
        let rounds = (0..<tables).map { number in
            """
            UPDATE app.accounts_\(number) SET balance = balance + n WHERE id = n * 7 % \(Self.accounts);
            UPDATE app.accounts_\(number) SET balance = balance - 1 WHERE id = n * 13 % \(Self.accounts);
            INSERT INTO app.history_\(number) (account, delta, filler) VALUES (n % \(Self.accounts), n, repeat('y', 40));
            COMMIT;
            """
        }
        return """
            DO $$ BEGIN PERFORM set_config('synchronous_commit', 'off', false); FOR n IN 1..\(count) LOOP
            \(rounds.joined(separator: "\n"))
            END LOOP; END $$
            """
    }

    /// A transaction that changes nothing but the log, which what waits for an end has to see.
    func touch() async throws { try await cluster.rows(.source, database, "UPDATE app.accounts_0 SET balance = balance WHERE id = 0") }

    /// Looks at the target until so many transactions have arrived, or for so many seconds after the first. That one is waited for longer: who first
    /// fetches the log and applies it later is not measured by its start.
    ///
    /// - Throws: ``BenchmarkError`` when none arrives.
    func watch(until wanted: Int, seconds: Int) async throws -> Progress {
        let login = cluster.server(.target).superuser
        let session = try await PostgresConnection.open(
            cluster.access(.target, user: login.user, password: login.password), ConnectionOptions(database: database, applicationName: "bench"))
        // Numbers come from a sequence that nobody skips: the largest one counts the rows, at the cost of a look into an index.
        let counts = (0..<tables).map { "coalesce((SELECT max(id) FROM app.history_\($0)), 0)" }.joined(separator: " + ")
        var deadline = ContinuousClock.now + Self.patience
        var progress: Progress?
        while ContinuousClock.now < deadline, progress?.last.count ?? 0 < wanted {
            try await Task.sleep(for: Self.pollPeriod)
            let count = Int(try await session.rows("SELECT \(counts)").first?[0] ?? "") ?? 0
            let point = Progress.Point(count: count, at: .now)
            if progress == nil, count > 0 {
                progress = Progress(first: point, last: point)
                deadline = point.at + .seconds(seconds)
            }
            if let known = progress?.last.count, count > known { progress?.last = point }
        }
        await session.close()
        guard let progress else { throw BenchmarkError.nothingArrived(database, within: Self.patience) }
        return progress
    }

    /// Whether every table holds the same on both sides, once everything has arrived.
    func isEqual() async throws -> Bool {
        let sums = (0..<tables).flatMap { number in
            ["accounts_\(number)", "history_\(number)"].map { "(SELECT sum(hashtextextended(t::text, 0)) FROM app.\($0) t)" }
        }
        let query = "SELECT concat_ws(' ', \(sums.joined(separator: ", ")))"
        async let source = cluster.rows(.source, database, query).first?[0]
        let target = try await cluster.rows(.target, database, query).first?[0]
        return try await source == target
    }
}
