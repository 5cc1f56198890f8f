import MigrationCore
import PostgresEngine
import StructuredData
import TestServers
import Testing

@testable import MigrationOperator

/// Consoles answer without a server behind them, so that none is needed here.
@Suite("Preflight of a real PgBouncer", .enabled(if: PgBouncerProcess.isPresent))
struct PoolerChecksTests {
    private static let pooler = Plan.Pooler(
        name: "pgbouncer", consoles: .service(name: "pgbouncer", port: "console"), credentials: .init(name: "pgb-admin"),
        file: .init(kind: .configMap, name: "pgb", key: "pgbouncer.ini"), databases: ["chain_db", "publisher_db"])

    private static let plan = Plan(
        source: .init(host: "Old.example.com", credentials: .init(name: "old")),
        target: .init(host: "new.example.com", port: 6000, credentials: .init(name: "new")),
        databases: [.init(name: "chain_db", targetName: "chain_two"), .init(name: "publisher_db")], copy: .init(mode: .live),
        cutover: .init(pauseSeconds: 60, connections: [], workloads: [], poolers: [pooler]))

    private static let fine = """
        [databases]
        chain_db = host=old.example.com
        reports = host=old.example.com dbname=chain_db
        publisher_db = host=old.example.com
        elsewhere = host=other.example.com
        """

    private func problems(
        _ databases: String, settings: String = "pool_mode = transaction", user: String = PgBouncerProcess.administrator,
        password: String = PgBouncerProcess.password, mayBeStaged: Bool = false, before: (PoolerConsole) async throws -> Void = { _ in }
    ) async throws -> [PreflightProblem] {
        let process = try await PgBouncerProcess.start(databases: databases, settings: settings)
        defer { process.stop() }
        try await before(Self.console(process.port))
        return await PoolerChecks(pooler: Self.pooler, plan: Self.plan, mayBeStaged: mayBeStaged).run([Self.console(process.port, user, password)])
    }

    private static func console(
        _ port: Int, _ user: String = PgBouncerProcess.administrator, _ password: String = PgBouncerProcess.password
    ) -> PoolerConsole {
        PoolerConsole(host: "127.0.0.1", port: port, sslMode: "prefer", user: user, password: Redacted(password))
    }

    @Test("nothing to say about one that is as it should be")
    func fine() async throws {
        #expect(try await problems(Self.fine) == [])
        #expect(try await problems(Self.fine, settings: "pool_mode = statement") == [])
    }

    @Test("session pooling, by default or for one database alone")
    func session() async throws {
        let byDefault = try await problems(Self.fine, settings: "pool_mode = session")
        #expect(byDefault.map(\.reason) == [.serverSettings, .serverSettings, .serverSettings])
        let one = try await problems(Self.fine.replacing("dbname=chain_db", with: "dbname=chain_db pool_mode=session"))
        #expect(one.map(\.reason) == [.serverSettings])
        #expect(one.first?.message.contains("reports uses pool_mode session") == true)
        let users = "\n[users]\nnightly = pool_mode=session\n"
        let user = try await problems(Self.fine.replacing("\nelsewhere = host=other.example.com", with: "") + users)
        #expect(user.count == 1 && user.first?.message.contains("nightly of [users] has pool_mode session") == true)
        #expect(try await problems(Self.fine + users) == [], "the user may be somebody else's")
    }

    @Test("a database that is missing, served by '*' alone, or led to another server")
    func databases() async throws {
        let missing = try await problems("[databases]\nchain_db = host=old.example.com\n* = host=old.example.com\n")
        #expect(missing.map(\.reason) == [.databaseMissing])
        #expect(missing.first?.message.contains("publisher_db") == true)
        let elsewhere = try await problems(Self.fine.replacing("publisher_db = host=old", with: "publisher_db = host=older"))
        #expect(elsewhere.map(\.reason) == [.connectionElsewhere])
        #expect(elsewhere.first?.message.contains("older.example.com:5432") == true)
    }

    @Test("one that leads to the target already, unless its file was written for a cutover")
    func target() async throws {
        let text = Self.fine.replacing("chain_db = host=old.example.com", with: "chain_db = host=new.example.com port=6000 dbname=chain_two")
        #expect(try await problems(text).map(\.reason) == [.connectionElsewhere])
        #expect(try await problems(text, mayBeStaged: true) == [])
    }

    @Test("a console that refuses: a wrong password, a user that is no administrator, nobody there")
    func console() async throws {
        let wrong = try await problems(Self.fine, password: "wrong")
        #expect(wrong.map(\.reason) == [.authenticationFailed])
        #expect(wrong.allSatisfy { !$0.message.contains(PgBouncerProcess.password) && $0.message.contains("pgb-admin") })
        #expect(try await problems(Self.fine, user: "plain").map(\.reason) == [.authenticationFailed])
        let stats = try await problems(Self.fine, settings: "pool_mode = transaction\nstats_users = plain", user: "plain")
        #expect(stats.map(\.reason) == [.missingPrivilege], "it may look, and not touch")
        let nobody = await PoolerChecks(pooler: Self.pooler, plan: Self.plan, mayBeStaged: false).run([Self.console(LocalServer.freePort())])
        #expect(nobody.map(\.reason) == [.unreachable])
        #expect(await PoolerChecks(pooler: Self.pooler, plan: Self.plan, mayBeStaged: false).run([]).map(\.reason) == [.unreachable])
    }

    @Test("a database that somebody paused")
    func paused() async throws {
        let found = try await problems(Self.fine) { try await $0.session { try await $0.pause("publisher_db", within: .seconds(2)) } }
        #expect(found.map(\.reason) == [.serverSettings])
        #expect(found.first?.message.contains("publisher_db is paused") == true)
    }
}
