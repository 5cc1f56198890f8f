import MigrationCore
import Synchronization

/// Where the writers of a run may try; changed while they run.
final class Aim: Sendable {
    enum Goal: Sendable, Hashable {
        /// Either side, whichever takes it: it is for the fences to keep them apart.
        case anywhere
        /// As an application that reads its Secret.
        case only(Side)
        case nowhere
    }

    private let goal = Mutex(Goal.nowhere)

    func set(_ new: Goal) { goal.withLock { $0 = new } }

    var isStopped: Bool { goal.withLock { $0 == .nowhere } }
    var isAnywhere: Bool { goal.withLock { $0 == .anywhere } }
    func allows(_ side: Side) -> Bool { goal.withLock { $0 == .anywhere || $0 == .only(side) } }
}
