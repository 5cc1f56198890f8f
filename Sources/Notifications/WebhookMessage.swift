import KubernetesModel
public import MigrationCore
public import MigrationPorts

/// One notification with everything that a text can name. None of it is secret: it is what the object's spec and status show.
public struct WebhookMessage: Sendable, Hashable {
    public var migration: MigrationReference
    public var notification: Record.Notification
    /// Host names of the two servers.
    public var source: String
    public var target: String

    public init(_ notification: Record.Notification, of migration: MigrationReference, source: String, target: String) {
        self.migration = migration
        self.notification = notification
        self.source = source
        self.target = target
    }

    /// The same however often it is sent, so that a receiver can tell a repetition.
    public var id: String { "\(migration.uid).\(notification.number)" }

    func value(_ variable: MessageTemplate.Variable) -> String {
        switch variable {
        case .event: notification.occasion.rawValue
        case .namespace: migration.namespace
        case .name: migration.name
        case .phase: notification.phase.rawValue
        case .reason: notification.reason?.rawValue ?? ""
        case .message: notification.message ?? ""
        case .attempt: String(notification.attempt)
        case .source: source
        case .target: target
        case .time: "\(Time(secondsSince1970: notification.at.milliseconds / 1000))"
        case .command: command
        case .id: id
        }
    }

    /// What somebody who reads this at night types first.
    private var command: String {
        let object = "dbmigration/\(migration.name) --namespace \(migration.namespace)"
        return switch notification.occasion {
        case .readyForCutover: "kubectl patch \(object) --type merge --patch '{\"spec\":{\"goal\":\"Promoted\"}}'"
        default: "kubectl describe \(object)"
        }
    }
}
