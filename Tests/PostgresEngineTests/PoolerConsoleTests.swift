import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import TestServers
import Testing

extension DatabaseTests {
    /// What the switch of poolers relies on, seen on a real PgBouncer in front of two real servers.
    @Suite("The console of a real PgBouncer", .enabled(if: PgBouncerProcess.isPresent))
    struct PoolerConsoleTests {
        @Test("clients of a paused database wait, and go on at the other server; none of their connections to the old one is left")
        func moves() async throws {
            let stage = try await PoolerStage.make("pooled")
            let client = try await stage.client()
            try await client.execute("INSERT INTO t VALUES ('before')")
            try await stage.console.session { session in
                #expect(try await session.databases().map(\.poolMode) == ["transaction", "transaction"])
                try await session.pause(stage.name, within: .seconds(2))
                #expect(try await session.databases().filter(\.isPaused).map(\.name) == [stage.name], "by database, not all of them")
            }
            #expect(try await stage.sessions(on: stage.source) == 0)
            async let waiting = client.execute("INSERT INTO t VALUES ('within')")
            try await stage.console.session { session in
                #expect(try await eventually { try await stage.waitingClients() == 1 })
                try await session.reload()
                #expect(
                    try await session.databases().first { $0.name == stage.name }?.port == stage.source.port,
                    "a file that has not changed is harmless")
                try stage.lead(to: stage.target)
                try await session.reload()
                #expect(try await session.databases().first { $0.name == stage.name }?.port == stage.target.port)
                #expect(try await session.databases().first { $0.name == stage.name }?.isPaused == true, "a RELOAD resumes nothing")
                try await session.resume(stage.name)
                try await session.resume(stage.name)
            }
            _ = try await waiting
            try await client.execute("INSERT INTO t VALUES ('after')")
            #expect(try await stage.rows(on: stage.source) == ["before"])
            #expect(try await stage.rows(on: stage.target) == ["after", "within"])
            #expect(try await stage.sessions(on: stage.source) == 0)
            await client.close()
            stage.pooler.stop()
        }

        @Test("a transaction that lasts ends the pause in time; resumed, it goes on where it was")
        func busy() async throws {
            let stage = try await PoolerStage.make("busy")
            let client = try await stage.client()
            try await client.execute("BEGIN; INSERT INTO t VALUES ('long')")
            let start = ContinuousClock.now
            await #expect(throws: PostgresError.self) {
                try await stage.console.session { try await $0.pause(stage.name, within: .milliseconds(500)) }
            }
            #expect(ContinuousClock.now - start < .seconds(3))
            try await stage.console.session { session in
                #expect(try await session.databases().contains { $0.isPaused }, "who gives up has paused it nevertheless")
                try await session.resume(stage.name)
                #expect(try await session.databases().allSatisfy { !$0.isPaused })
            }
            try await client.execute("COMMIT")
            #expect(try await stage.rows(on: stage.source) == ["long"])
            await client.close()
            stage.pooler.stop()
        }

        @Test("a pooler led elsewhere without a pause ends its old connections with their transactions")
        func unpaused() async throws {
            let stage = try await PoolerStage.make("unpaused")
            let clients = [try await stage.client(), try await stage.client()]
            try await clients[0].execute("INSERT INTO t VALUES ('0')")
            try await clients[1].execute("BEGIN; INSERT INTO t VALUES ('1')")
            try stage.lead(to: stage.target)
            try await stage.console.session { try await $0.reload() }
            try await clients[1].execute("COMMIT")
            for client in clients { try await client.execute("INSERT INTO t VALUES ('2')") }
            #expect(try await stage.rows(on: stage.source) == ["0", "1"])
            #expect(try await stage.rows(on: stage.target) == ["2", "2"])
            _ = try await eventually { try await stage.sessions(on: stage.source) == 0 }
            for client in clients { await client.close() }
            stage.pooler.stop()
        }

        @Test("a console that refuses says so: nobody there, a wrong password, no administrator")
        func refused() async throws {
            let stage = try await PoolerStage.make("refused")
            func kind(_ console: PoolerConsole) async -> PostgresError.Kind? {
                do {
                    try await console.session { try await $0.resume(stage.name) }
                    return nil
                } catch {
                    return (error as? PostgresError)?.kind
                }
            }
            #expect(await kind(PoolerConsole.at(LocalServer.freePort())) == .unreachable)
            #expect(await kind(PoolerConsole.at(stage.pooler.port, password: "wrong")) != nil)
            #expect(await kind(PoolerConsole.at(stage.pooler.port, user: "plain")) != nil)
            #expect(await kind(stage.console) == nil, "a database that runs is left alone")
            stage.pooler.stop()
        }
    }
}

extension PoolerConsole {
    static func at(_ port: Int, user: String = PgBouncerProcess.administrator, password: String = PgBouncerProcess.password) -> PoolerConsole {
        PoolerConsole(host: "127.0.0.1", port: port, sslMode: "disable", user: user, password: Redacted(password))
    }
}

/// One database of the same name on both servers, and a pooler that leads to the source.
private struct PoolerStage: Sendable {
    let source: Cluster
    let target: Cluster
    let name: String
    let pooler: PgBouncerProcess

    var console: PoolerConsole { .at(pooler.port) }

    static func make(_ name: String) async throws -> PoolerStage {
        let (source, target) = try await (Cluster.source.value, Cluster.target.value)
        for server in [source, target] {
            try await server.superuser("postgres") { try await $0.execute("CREATE DATABASE \(name)") }
            try await server.superuser(name) { try await $0.execute("CREATE TABLE t (a text)") }
        }
        let pooler = try await PgBouncerProcess.start(databases: databases(name, source), users: ["postgres": Cluster.password])
        return PoolerStage(source: source, target: target, name: name, pooler: pooler)
    }

    private static func databases(_ name: String, _ server: Cluster) -> String {
        "[databases]\n\(name) = host=127.0.0.1 port=\(server.port)\nother = host=127.0.0.1 port=\(server.port) dbname=postgres\n"
    }

    func lead(to server: Cluster) throws { try pooler.write(databases: Self.databases(name, server)) }

    func client() async throws -> PostgresConnection { try await open(name, "postgres", Cluster.password) }

    func waitingClients() async throws -> Int64? {
        let session = try await open("pgbouncer", PgBouncerProcess.administrator, PgBouncerProcess.password)
        defer { Task { await session.close() } }
        return try await session.rows("SHOW POOLS").first { $0["database"] == name }?.integer("cl_waiting")
    }

    private func open(_ database: String, _ user: String, _ password: String) async throws -> PostgresConnection {
        let server = Plan.Server(host: "127.0.0.1", port: pooler.port, sslMode: "disable", credentials: .init(name: ""))
        let access = ServerAccess(server: server, user: user, password: Redacted(password), certificateAuthorityFile: nil)
        return try await PostgresConnection.open(access, ConnectionOptions(database: database, applicationName: "client"))
    }

    func rows(on server: Cluster) async throws -> [String] {
        try await server.superuser(name) { try await $0.rows("SELECT a FROM t ORDER BY a").map { $0.text("a") } }
    }

    /// Client sessions in the database but the one that asks.
    func sessions(on server: Cluster) async throws -> Int {
        let text = "SELECT count(*) FROM pg_stat_activity WHERE datname = '\(name)' AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        return try await server.superuser("postgres") { Int(try await $0.rows(text).first?[0] ?? "") ?? -1 }
    }
}
