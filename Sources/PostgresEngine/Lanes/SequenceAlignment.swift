import MigrationCore
import MigrationPorts

/// Sets the subscriber's sequences past the publisher's.
struct SequenceAlignment: Sendable {
    let context: DatabaseContext
    let direction: Direction

    init(_ context: DatabaseContext, _ direction: Direction) {
        self.context = context
        self.direction = direction
    }

    func run(epoch: Int64, publisherEpoch: Int64) async throws {}
}
