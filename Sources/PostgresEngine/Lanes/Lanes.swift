import MigrationCore
import MigrationPorts

/// Makes, connects and removes the lanes of one direction.
struct Lanes: Sendable {
    let context: DatabaseContext
    let direction: Direction

    init(_ context: DatabaseContext, _ direction: Direction) {
        self.context = context
        self.direction = direction
    }

    func prepare(epoch: Int64) async throws {}
    func connect(epoch: Int64) async throws {}
    func disconnect(epoch: Int64) async throws {}
    func remove(epoch: Int64) async throws {}
}
