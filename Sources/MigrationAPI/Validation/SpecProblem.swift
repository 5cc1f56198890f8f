public import MigrationCore
public import MigrationPorts

/// One thing wrong with a spec.
public struct SpecProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where, such as `spec.databases[1].name`.
    public var path: String
    /// What was found there, and what to do.
    public var message: String
    /// `InvalidSpec`, `NotImplemented` or `SameServer`.
    public var reason: Reason

    public init(path: String, message: String, reason: Reason = .invalidSpec) {
        self.path = path
        self.message = message
        self.reason = reason
    }

    public var description: String { "\(path): \(message)" }
}

/// What a spec says: the user's intent, and either a plan or every problem.
public struct SpecReading: Sendable, Hashable {
    public var intent: Intent
    /// `nil` exactly when there are problems.
    public var plan: Plan?
    /// Who is told; as in the live object, whatever plan is in force.
    public var receivers: [NotificationReceiver]
    /// In the order of the spec.
    public var problems: [SpecProblem]

    public init(intent: Intent, plan: Plan?, receivers: [NotificationReceiver] = [], problems: [SpecProblem]) {
        self.intent = intent
        self.plan = plan
        self.receivers = receivers
        self.problems = problems
    }

    /// As the core wants it.
    public var desired: Desired {
        Desired(intent: intent, plan: plan.map { .plan($0) } ?? .invalid(problems.map(\.description)))
    }

    /// The reason for a false `SpecValid`: `NotImplemented` when only a later version is missing, else that of the first real mistake.
    var problemReason: Reason { problems.first { $0.reason != .notImplemented }?.reason ?? problems.first?.reason ?? .invalidSpec }
}
