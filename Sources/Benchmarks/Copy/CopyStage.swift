import DevCluster
import FoundationEssentials
import MigrationCore
import MigrationPorts
import PostgresEngine
import Torture

/// A filled database on the source, and room for its copy on the target.
struct CopyStage: Sendable {
    let cluster: Cluster
    /// Its name on both sides.
    let database: String
    /// How many tables, or indexes, may be copied at once.
    let jobs: Int
    /// The migration of this project's own copy.
    let uid = UUID().uuidString.lowercased()
    /// For what contenders store on the way; emptied after each.
    let folder = FileManager.default.temporaryDirectory.path + "/dbmigration-bench-\(UUID().uuidString)"

    /// A condition on `pg_namespace n`: neither the server's nor a migration's.
    static let ownSchemas = "n.nspname NOT IN ('pg_catalog', 'information_schema', '_dbmigration') AND n.nspname NOT LIKE 'pg\\_t%'"

    /// Makes the database on the source and runs each text there, in a transaction of its own, as the administrator.
    func makeSource(_ texts: [String]) async throws {
        try await remove()
        try await cluster.createDatabase(database, on: .source)
        let owner = SQL.identifier(cluster.server(.source).administrator.user)
        for text in texts { try await cluster.rows(.source, database, "SET ROLE \(owner); \(text)") }
        // Whoever reads a row first would set its hint bits, and write the page.
        try await cluster.rows(.source, database, "VACUUM (ANALYZE)")
    }

    func makeTarget() async throws { try await cluster.createDatabase(database, on: .target) }

    /// The target is as before the first contender.
    func clear() async throws {
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        try await cluster.dropDatabase(database, on: .target)
    }

    /// Nobody pays for what another one left to be written.
    func settle() async throws {
        for side in Side.allCases { try await cluster.rows(side, "postgres", "CHECKPOINT") }
    }

    func remove() async throws {
        try? FileManager.default.removeItem(atPath: folder)
        for side in Side.allCases { try await cluster.dropDatabase(database, on: side) }
    }

    /// Both servers as the managed service's administrator, which is what a migration has.
    func access(_ side: Side) -> ServerAccess {
        let server = cluster.server(side)
        var access = cluster.access(side, user: server.administrator.user, password: server.administrator.password)
        access.subscriber = Login(user: server.superuser.user, password: server.superuser.password)
        return access
    }

    /// How client programs reach a side, as superuser.
    func variables(_ side: Side) -> [String: String] {
        let server = cluster.server(side)
        return PostgresEnvironment.variables(for: server, login: server.superuser, database: database)
    }
}
