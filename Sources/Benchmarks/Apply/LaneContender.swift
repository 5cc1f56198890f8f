import DevCluster
import Foundation
import Logging
import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import Torture

/// This project's lanes: as the operator makes and connects them.
struct LaneContender: ApplyContender {
    let cluster: Cluster
    let lanes: Int
    private let uid = UUID().uuidString.lowercased()
    private let port = PostgresMigration(logger: Logger(label: "bench"))

    init(cluster: Cluster, lanes: Int) {
        self.cluster = cluster
        self.lanes = lanes
    }

    var name: String { lanes == 1 ? "1 lane" : "\(lanes) lanes" }
    var label: String { "lanes_\(lanes)" }
    var share: Int { 100 }

    private func context(_ stage: ApplyStage) -> DatabaseContext {
        let (source, target) = (access(.source), access(.target))
        let plan = Plan(
            source: source.server, target: target.server, databases: [Plan.Database(name: stage.database)],
            copy: Plan.Copy(mode: .live, lanes: lanes), cutover: Plan.Cutover(pauseSeconds: 60, connections: [], workloads: []))
        return DatabaseContext(uid: uid, plan: plan, source: source, target: target, applicationRoles: [])
    }

    private func access(_ side: Side) -> ServerAccess {
        let server = cluster.server(side)
        var access = cluster.access(side, user: server.administrator.user, password: server.administrator.password)
        access.subscriber = Login(user: server.superuser.user, password: server.superuser.password)
        return access
    }

    func prepare(_ stage: ApplyStage) async throws {
        let context = context(stage)
        try await port.prepareTarget(context)
        try await stage.fill(.target)
        // With guards on the tables, as in a migration.
        try await port.closeTarget(context, epoch: 1)
        try await port.prepareLanes(context, .forward, epoch: 0)
        let made = await port.observeLanes(context, .forward).value?.lanes.count
        guard made == min(lanes, stage.tables) else { throw BenchmarkError.lanes(made ?? 0, wanted: lanes) }
    }

    func run(_ stage: ApplyStage) async throws { try await port.connectLanes(context(stage), .forward, epoch: 0) }

    func end(_ stage: ApplyStage) async throws {
        for side in [Side.target, .source] { try await port.removeArtefacts(context(stage), side: side) }
    }
}
