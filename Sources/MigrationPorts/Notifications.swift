public import FoundationEssentials
public import MigrationCore

/// The content of a Secret by namespace and name, or why it cannot be had.
public typealias SecretReader = @Sendable (_ namespace: String, _ name: String) async -> Fact<[String: Data]>

/// Somebody who is told of a migration by a webhook. Holds names of Secrets, never their content.
public struct NotificationReceiver: Sendable, Hashable {
    /// The form of what is posted.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        case generic = "Generic"
        case slack = "Slack"
        case teams = "Teams"
    }

    /// Unique within the migration.
    public var name: String
    /// Holds the URL.
    public var webhook: Plan.SecretKey
    public var format: Format
    public var occasions: Set<Occasion>
    public var template: MessageTemplate
    /// Holds what the body is signed with; `nil` leaves it unsigned.
    public var signing: Plan.SecretKey?
    /// The CA to verify the receiver with; `nil` means the system's bundle.
    public var certificateAuthority: Plan.SecretKey?

    public init(
        name: String, webhook: Plan.SecretKey, format: Format = .generic, occasions: Set<Occasion>, template: MessageTemplate = .standard,
        signing: Plan.SecretKey? = nil, certificateAuthority: Plan.SecretKey? = nil
    ) {
        self.name = name
        self.webhook = webhook
        self.format = format
        self.occasions = occasions
        self.template = template
        self.signing = signing
        self.certificateAuthority = certificateAuthority
    }
}
