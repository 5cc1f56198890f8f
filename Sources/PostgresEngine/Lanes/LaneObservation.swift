import MigrationCore
import MigrationPorts

/// Reads the lanes of one direction from both servers.
struct LaneObservation: Sendable {
    let context: DatabaseContext
    let direction: Direction

    init(_ context: DatabaseContext, _ direction: Direction) {
        self.context = context
        self.direction = direction
    }

    func read() async throws -> ReplicationState {
        ReplicationState(lanes: context.plan.databases.map { LaneState(database: $0.name, stage: .absent) })
    }
}
