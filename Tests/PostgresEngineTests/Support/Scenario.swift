import Foundation
import Logging
import MigrationCore
import MigrationPorts
import MigrationWorker
import PostgresEngine
import StructuredData

/// One migration of its own: databases with names of its own on the shared pair of servers.
struct Scenario: Sendable {
    static let roleName = "Own\"er é"
    static let rolePassword = "p'w\\d é"

    let source: Cluster
    let target: Cluster
    let uid: String
    let databases: [String]
    let role: String
    /// Whether the plan copies live; its lanes' subscriptions are made by a superuser, and the other server logs in as the administrator.
    var isLive = false
    /// `copy.lanes`.
    var lanes = 1
    /// Whom a snapshot migration logs in as, on the source and on the target.
    var administrators = (source: "Admin", target: "Admin")
    var verification = Plan.Verification.rowCount
    /// `copy.roles`.
    var roles = Plan.Copy.Roles.createMissing
    let port = PostgresMigration(logger: Logger(label: "test"))

    /// Creates the databases on the source, owned by the application's role.
    ///
    /// - Parameter servers: Others than the shared pair.
    static func make(
        _ name: String, databases count: Int = 1, schema: [String] = [], on servers: (source: Cluster, target: Cluster)? = nil
    ) async throws -> Scenario {
        let (source, target) = if let servers { servers } else { try await (Cluster.source.value, Cluster.target.value) }
        let role = "\(roleName) \(name)"
        let databases = (1...count).map { "Wéird \"\(name)\" o'\($0)" }
        try await source.superuser("postgres") { session in
            try await session.execute("CREATE ROLE \(SQL.identifier(role)) LOGIN PASSWORD \(SQL.literal(rolePassword))")
            try await session.execute("GRANT \(SQL.identifier(role)) TO \"Admin\"")
            for database in databases { try await session.execute("CREATE DATABASE \(SQL.identifier(database)) OWNER \(SQL.identifier(role))") }
        }
        let scenario = Scenario(source: source, target: target, uid: UUID().uuidString.lowercased(), databases: databases, role: role)
        for database in databases {
            let session = try await scenario.application(on: source, database)
            for statement in schema { try await session.execute(statement) }
            await session.close()
        }
        return scenario
    }

    var plan: Plan {
        Plan(
            source: source.access().server, target: target.access().server, databases: databases.map { Plan.Database(name: $0) },
            copy: Plan.Copy(mode: isLive ? .live : .snapshot, jobs: 2, lanes: lanes, roles: roles), verification: verification,
            cutover: Plan.Cutover(pauseSeconds: 60, connections: [], workloads: []))
    }

    var context: DatabaseContext {
        DatabaseContext(
            uid: uid, plan: plan, source: isLive ? source.laneAccess : source.access(administrators.source),
            target: isLive ? target.laneAccess : target.access(administrators.target),
            applicationRoles: databases.map { ApplicationRole(name: role, password: Redacted(Self.rolePassword), database: $0) })
    }

    /// A session with the application's own role.
    func application(on cluster: Cluster, _ database: String? = nil) async throws -> PostgresConnection {
        try await cluster.client(database ?? databases[0], user: role, password: Self.rolePassword)
    }

    func work(_ step: WorkerStep, number: Int = 1, epoch: Int64 = 1) async -> WorkerResult {
        let task = WorkerTask(uid: uid, step: step, number: number, sourceEpoch: epoch, plan: plan)
        let environment = [
            WorkerEnvironment.sourceUser: administrators.source, WorkerEnvironment.targetUser: administrators.target,
            WorkerEnvironment.sourcePassword: Cluster.password, WorkerEnvironment.targetPassword: Cluster.password,
        ]
        return await MigrationWorker(logger: Logger(label: "test")).run(task: task, environment: environment)
    }

    func value(_ sql: String, on cluster: Cluster, _ database: String? = nil) async throws -> String? {
        try await cluster.superuser(database ?? databases[0]) { try await $0.rows(sql).first?[0] }
    }

    /// Fence, copy, verify: ready to open the target.
    func moveRows(epoch: Int64 = 0) async throws -> [WorkerResult] {
        try await port.prepareTarget(context)
        try await port.closeSource(context, epoch: epoch)
        return [await work(.copy, epoch: epoch + 1), await work(.verify, epoch: epoch + 1)]
    }
}

/// Polls until something holds, for a minute at least.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<1200 {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(50))
    }
    return false
}

extension PostgresMigration {
    /// The sides on which something of a migration is left.
    func artefacts(_ context: DatabaseContext) async -> Fact<Set<Side>> {
        var sides: Set<Side> = []
        for side in Side.allCases {
            switch await hasArtefacts(context, side: side) {
            case .value(let any): if any { sides.insert(side) }
            case .unknown(let why): return .unknown(why)
            }
        }
        return .value(sides)
    }
}
