import DevCluster
import Foundation
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData
import Testing

/// One pair of server versions, whichever the dev cluster was started with: `hack/matrix` runs it for several, and reads its line.
struct VersionMatrix: Sendable {
    /// The file that gets the pair's line; without it the suite is off.
    static let report = ProcessInfo.processInfo.environment["DBMIGRATION_MATRIX_REPORT"]

    let scenario: Scenario
    let writer: Writer
    /// `server_version_num`
    let versions: [Side: Int]

    private var owner: String { "owner_" + scenario.database }
    var pair: String { "\(major(.source)) → \(major(.target))" }

    func major(_ side: Side) -> Int { (versions[side] ?? 0) / 10_000 }

    /// A minor release that lets only superusers of ours behind a closed door.
    func isDated(_ side: Side) -> Bool { [15: 11, 16: 7, 17: 3].contains { $0 == major(side) && (versions[side] ?? 0) % 100 < $1 } }

    /// Whether a superuser subscribes on a side.
    func needsSuperuser(_ side: Side) -> Bool { major(side) < 16 || isDated(side) }

    init(_ name: String) async throws {
        scenario = try await Scenario(name)
        writer = Writer(scenario)
        var versions: [Side: Int] = [:]
        for side in [Side.source, .target] {
            versions[side] = Int(try await scenario.lab.sql(side, "postgres", "SHOW server_version_num").first?[0] ?? "")
        }
        self.versions = versions
    }

    /// What writes on the ledger leave behind, by a trigger, in tables of another owner, who also owns the database: a role that is neither ours
    /// nor the application's, as a team's database has it.
    func arrange() async throws {
        let lab = scenario.lab
        try await scenario.arrange()
        let admin = SQL.identifier(lab.state.servers.source.administrator.user)
        try await lab.sql(
            .source, scenario.database,
            """
            CREATE ROLE \(SQL.identifier(owner)) NOLOGIN;
            GRANT \(SQL.identifier(owner)) TO \(admin);
            ALTER DATABASE \(SQL.identifier(scenario.database)) OWNER TO \(SQL.identifier(owner));
            SET ROLE \(SQL.identifier(owner));
            CREATE SCHEMA shop;
            CREATE TYPE shop.kind AS ENUM ('sale', 'refund');
            CREATE DOMAIN shop.amount AS numeric(12, 2) CHECK (value >= 0);
            CREATE TABLE shop.event (id bigserial, number bigint NOT NULL, kind shop.kind NOT NULL DEFAULT 'sale', paid shop.amount NOT NULL,
                doubled numeric GENERATED ALWAYS AS (paid * 2) STORED, note text, PRIMARY KEY (id)) PARTITION BY HASH (id);
            CREATE TABLE shop.event_0 PARTITION OF shop.event FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE shop.event_1 PARTITION OF shop.event FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            CREATE INDEX ON shop.event (number);
            CREATE TABLE shop.latest (number bigint, at timestamptz);
            ALTER TABLE shop.latest REPLICA IDENTITY FULL;
            INSERT INTO shop.latest VALUES (0, now());
            CREATE MATERIALIZED VIEW shop.paid AS SELECT kind, sum(paid) FROM shop.event GROUP BY kind;
            CREATE FUNCTION shop.follow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = shop AS $$ BEGIN
                INSERT INTO shop.event (number, paid, note) VALUES (new.number, new.number % 100, repeat('x', 50));
                UPDATE shop.latest SET number = new.number, at = clock_timestamp();
                RETURN NULL;
            END $$;
            RESET ROLE;
            CREATE TRIGGER follow AFTER INSERT ON app.ledger FOR EACH ROW WHEN (new.client = 'writer') EXECUTE FUNCTION shop.follow();
            """)
    }

    /// From 16 on our ordinary role, which is no superuser, subscribes as well. On a dated server everything of ours is a superuser's.
    func roles(_ spec: inout JSONValue) {
        plainRoles(&spec)
        if isDated(.source) { spec["source"]?["credentialsSecretRef"] = ["name": "source-superuser"] }
        if isDated(.target) { spec["target"]?["credentialsSecretRef"] = ["name": "target-superuser"] }
    }

    func plainRoles(_ spec: inout JSONValue) {
        Scenario.live(&spec)
        if major(.source) >= 16 { spec["source"]?["subscriptionCredentialsSecretRef"] = nil }
        if major(.target) >= 16 { spec["target"]?["subscriptionCredentialsSecretRef"] = nil }
    }

    /// Whether a superuser owns the subscriptions on a side; `nil` without any.
    func superuserSubscribes(_ side: Side) async throws -> Bool? {
        try await scenario.lab.sql(side, "postgres", "SELECT bool_or(rolsuper) FROM pg_subscription s JOIN pg_roles r ON r.oid = s.subowner").first?[
            0
        ]
        .map { $0 == "t" }
    }

    /// Acknowledged writes whose followers are missing on a side, or there more than once.
    func followers(_ side: Side) async throws -> (lost: [Int], doubled: [Int]) {
        let rows = try await scenario.lab.sql(side, scenario.database, "SELECT number, count(*) FROM shop.event GROUP BY number")
        let counts = Dictionary(rows.map { (Int($0[0] ?? "") ?? -1, Int($0[1] ?? "") ?? 0) }) { $0 + $1 }
        return (writer.acknowledged.filter { counts[$0] == nil }.sorted(), counts.filter { $0.value > 1 }.keys.sorted())
    }

    /// Whatever of ours is left anywhere on a server, by kind.
    func leftovers(_ side: Side) async throws -> [String] {
        let shared = """
            SELECT 'slot ' || slot_name FROM pg_replication_slots UNION ALL SELECT 'subscription ' || subname FROM pg_subscription
            UNION ALL SELECT 'origin ' || roname FROM pg_replication_origin
            """
        let own = """
            SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname = '_dbmigration' UNION ALL SELECT 'publication ' || pubname FROM pg_publication
            UNION ALL SELECT 'trigger on ' || tgrelid::regclass FROM pg_trigger WHERE tgname LIKE '\\_dbmigration%'
            """
        var found = try await scenario.lab.sql(side, "postgres", "\(shared) UNION ALL \(own)").compactMap { $0[0] }
        found += try await scenario.lab.sql(side, scenario.database, own).compactMap { $0[0] }
        return found
    }
}

extension EndToEnd {
    @Suite("Two server versions, with roles that are no superusers from 16 on", .enabled(if: VersionMatrix.report != nil))
    struct VersionMatrixTests {
        @Test("there, back and there again under writes, and nothing is left behind")
        func thereAndBackAgain() async throws {
            let matrix = try await VersionMatrix("matrix")
            let (scenario, writer) = (matrix.scenario, matrix.writer)
            try await matrix.arrange()
            writer.start()
            try await scenario.apply(matrix.roles)
            let there = try await scenario.wait(phase: .promoted, seconds: 120)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            #expect(try await matrix.superuserSubscribes(.source) == matrix.needsSuperuser(.source), "the way back")
            try await scenario.wait("the way back") { $0[.rollbackReady]?.reason == "Lossless" }

            let onSource = writer.acknowledged(on: .source)
            try await scenario.patchSpec(["goal": "RolledBack"])
            let back = try await scenario.wait(phase: .rolledBack, seconds: 120)
            #expect(back[.ready]?.reason == "GoalReached")
            try await until("writes on the source again") { writer.acknowledged(on: .source) > onSource + 20 }
            #expect(try await matrix.superuserSubscribes(.target) == matrix.needsSuperuser(.target), "the way there")

            let copies = try await scenario.jobs().filter { $0.contains("copy") }
            let onTarget = writer.acknowledged(on: .target)
            try await scenario.patchSpec(["goal": "Promoted", "attempt": 2])
            let again = try await scenario.wait("the second attempt to be promoted", seconds: 120) { $0.phase == "Promoted" && $0.attempt == 2 }
            try await until("writes on the target again") { writer.acknowledged(on: .target) > onTarget + 20 }
            #expect(try await scenario.jobs().filter { $0.contains("copy") && !copies.contains($0) } == [], "nothing is copied again")

            try await scenario.patchSpec(["goal": "Completed"])
            try await scenario.wait(phase: .completed, seconds: 120)
            await writer.stop()
            try await report(matrix, pauses: [there, again].map { $0.cutover?.pauseMilliseconds })
            #expect(try await matrix.leftovers(.source) == [])
            #expect(try await matrix.leftovers(.target) == [])
            #expect(await scenario.applicationCanWrite(.target))
            #expect(await !scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("a server that would shut our roles out is refused before anything is changed, with the release to update to")
        func dated() async throws {
            let matrix = try await VersionMatrix("dated")
            guard matrix.isDated(.source) || matrix.isDated(.target) else { return }
            try await matrix.scenario.arrange(application: .none)
            try await matrix.scenario.apply(matrix.plainRoles)
            let dated = matrix.isDated(.source) ? Side.source : .target
            try await matrix.scenario.wait("preflight to refuse the \(dated.rawValue)") {
                $0[.preflightPassed]?.reason == "VersionUnsupported"
                    && $0[.preflightPassed]?.message?.contains("update it to \(matrix.major(dated)).") == true
            }
            try await matrix.scenario.end()
        }

        private func report(_ matrix: VersionMatrix, pauses: [Int64?]) async throws {
            let (ledger, followers) = (try await matrix.writer.audit(.target), try await matrix.followers(.target))
            let (lost, doubled) = (Set(ledger.lost + followers.lost), Set(ledger.doubled + followers.doubled))
            let pause = pauses.map { $0.map { "\($0) ms" } ?? "unknown" }.joined(separator: " and ")
            let gap = matrix.writer.longestGap / .milliseconds(1)
            let line = """
                \(matrix.pair): pause \(pause) · longest gap \(Int(gap)) ms · acknowledged \(matrix.writer.acknowledged.count) · \
                lost \(lost.count) · duplicated \(doubled.count)

                """
            if let report = VersionMatrix.report { try Data(line.utf8).write(to: URL(filePath: report)) }
            #expect(lost.isEmpty && doubled.isEmpty)
        }
    }
}
