import ControllerRuntime
import MigrationCore
import MigrationPorts
import Notifications
import Synchronization

/// How far every migration's notifications have come, between who sends and who decides. Memory only, see ``Deliveries``.
final class NotificationLedger: Sendable {
    private let deliveries = Mutex<[ObjectKey: Deliveries]>([:])

    func with<Answer: Sendable>(_ key: ObjectKey, _ body: (inout Deliveries) -> Answer) -> Answer {
        deliveries.withLock { body(&$0[key, default: Deliveries()]) }
    }

    func finished(_ key: ObjectKey, _ outbox: [Record.Notification]?, _ receivers: [NotificationReceiver]) -> Set<Int> {
        guard let outbox else {
            forget(key)
            return []
        }
        return with(key) { $0.finished(outbox, receivers) }
    }

    func forget(_ key: ObjectKey) { deliveries.withLock { $0[key] = nil } }
}
