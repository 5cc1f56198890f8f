import ControllerRuntime
import KubernetesModel
import Logging
import MigrationAPI
import MigrationCore
import MigrationPorts
import Notifications

/// Sends what the records' outboxes hold, on workers of its own: no visit and no write pause waits for a receiver.
struct Notifier: Sendable {
    let store: ObjectStore<DatabaseMigration>
    let sender: WebhookSender
    let ledger: NotificationLedger
    let metrics: OperatorMetrics
    let events: EventRecorder
    let logger: Logger
    /// A visit takes what is finished out of the outbox.
    let onFinished: @Sendable (ObjectKey) -> Void

    func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
        guard let object = store[key], case .record(let record) = RecordCoding.read(object.status), let outbox = record.outbox else {
            ledger.forget(key)
            return .done
        }
        let receivers = PlanBuilder.read(object).receivers
        let due = ledger.with(key) { $0.due(outbox, receivers, at: .now) }
        await withTaskGroup(of: (Delivery, WebhookOutcome).self) { group in
            for delivery in due {
                group.addTask { (delivery, await sender.send(message(delivery, object), to: delivery.receiver)) }
            }
            for await (delivery, outcome) in group { note(delivery, outcome, object, key) }
        }
        if !ledger.finished(key, outbox, receivers).isEmpty { onFinished(key) }
        return ledger.with(key) { $0.nextTry(outbox, receivers, after: .now) }.map { .after($0) } ?? .done
    }

    private func message(_ delivery: Delivery, _ object: DatabaseMigration) -> WebhookMessage {
        WebhookMessage(
            delivery.notification,
            of: MigrationReference(namespace: object.namespace ?? "", name: object.name, uid: object.uid ?? ""),
            source: object.spec.source.host, target: object.spec.target.host)
    }

    private func note(_ delivery: Delivery, _ outcome: WebhookOutcome, _ object: DatabaseMigration, _ key: ObjectKey) {
        let (occasion, receiver) = (delivery.notification.occasion.rawValue, delivery.receiver.name)
        let givenUp = ledger.with(key) { $0.note(delivery, outcome, at: .now) }
        metrics.notified(receiver, outcome, isGivenUp: givenUp != nil, key)
        guard outcome != .sent else { return }
        let why = givenUp ?? "\(outcome)"
        logger.warning(
            "notification not delivered", metadata: ["migration": "\(key)", "receiver": "\(receiver)", "event": "\(occasion)", "why": "\(why)"])
        guard let givenUp else { return }
        events.record(
            EventNotice(
                .warning, reason: Reason.notificationFailed.rawValue, action: delivery.notification.phase.rawValue,
                note: "\(receiver) was not told of \(occasion): \(givenUp)", subject: .init(object)))
    }
}
