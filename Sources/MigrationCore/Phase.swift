/// The phases of a migration, in the order of the live mode. Read this table first; each phase's rule is in `Phases/`.
public enum Phase: String, Sendable, Hashable, Codable, CaseIterable {
    case pending = "Pending"
    case preflight = "Preflight"
    case provisioning = "Provisioning"
    case backingUp = "BackingUp"
    case copying = "Copying"
    case seeding = "Seeding"
    case replicating = "Replicating"
    case verifying = "Verifying"
    case awaitingCutover = "AwaitingCutover"
    case fencing = "Fencing"
    case draining = "Draining"
    case switching = "Switching"
    case soaking = "Soaking"
    case promoted = "Promoted"
    case cleaningUp = "CleaningUp"
    case completed = "Completed"
    case rollingBack = "RollingBack"
    case rolledBack = "RolledBack"
    case failed = "Failed"
}

/// What going back costs from a phase.
public enum Reversibility: String, Sendable, Hashable, CaseIterable {
    /// Nothing was changed that the applications could notice.
    case free
    /// The source is fenced: going back is an unfence.
    case unfence
    /// Applications may write on the target: going back is a rollback, and what was written there since counts.
    case rollback
    /// The rollback window is closed, or there is nothing to go back from.
    case none
}

/// A kind of fact the observer gathers for a phase.
public enum FactKind: String, Sendable, Hashable, CaseIterable {
    case conflictingOwner, preflight, source, target, secrets, workloads, rest, job, hasJobs, forward, reverse, leftovers, probes, baseline, window,
        poolers
}

extension Phase {
    /// The row of one phase in the table.
    public struct Row: Sendable {
        /// Where the phase may lead; its own global ways out (RollingBack, Failed, abort) included.
        public var successors: Set<Phase>
        /// Longest stay; `nil` where only people or budgets of the plan bound it.
        public var deadlineSeconds: Int?
        public var reversibility: Reversibility
        public var facts: Set<FactKind>
        /// Those the Live mode needs besides.
        public var liveFacts: Set<FactKind>
    }

    public var row: Row {
        switch self {
        case .pending: Row([.preflight, .rollingBack], nil, .free, [.conflictingOwner])
        case .preflight: Row([.provisioning, .rollingBack], nil, .free, [.preflight])
        case .provisioning: Row([.backingUp, .copying, .seeding, .awaitingCutover, .rollingBack, .failed], 3600, .free, [.target])
        case .backingUp: Row([.copying, .seeding, .awaitingCutover, .rollingBack, .failed], nil, .free, [.source, .job])
        case .seeding: Row([.awaitingCutover, .rollingBack, .failed], nil, .free, [.source, .job])
        case .awaitingCutover:
            Row([.fencing, .replicating, .rollingBack], nil, .free, [.preflight, .source, .target, .secrets], live: [.forward, .reverse])
        // In the write pause a phase looks at what its successor needs as well, see decideOnward.
        case .fencing:
            Row([.copying, .draining, .switching, .awaitingCutover, .rollingBack], nil, .unfence, [.source], live: [.forward])
        case .copying:
            Row(
                [.verifying, .switching, .replicating, .awaitingCutover, .rollingBack, .failed], nil, .unfence, [.source, .job, .hasJobs],
                live: [.forward])
        case .replicating: Row([.verifying, .awaitingCutover, .copying, .rollingBack, .failed], nil, .free, [.source], live: [.forward])
        case .verifying:
            Row([.switching, .replicating, .awaitingCutover, .rollingBack, .failed], nil, .unfence, [.source, .job, .hasJobs], live: [.forward])
        case .draining:
            Row([.switching, .awaitingCutover, .rollingBack], nil, .unfence, [.source], live: [.target, .forward, .reverse])
        case .switching:
            Row([.soaking, .awaitingCutover, .rollingBack], nil, .rollback, [.source, .target, .secrets, .workloads], live: [.forward, .reverse])
        case .soaking:
            Row([.promoted, .rollingBack], nil, .rollback, [.target, .secrets, .workloads, .probes], live: [.source, .forward, .reverse])
        case .promoted: Row([.cleaningUp, .rollingBack], nil, .rollback, [.target, .secrets], live: [.source, .forward, .reverse])
        case .cleaningUp: Row([.completed], nil, .none, [.hasJobs, .leftovers])
        case .completed: Row([], nil, .none, [])
        case .rollingBack:
            Row(
                [.rolledBack, .failed, .switching], nil, .rollback, [.source, .target, .secrets, .workloads, .hasJobs], live: [.forward, .reverse])
        case .rolledBack: Row([.pending], nil, .none, [], live: [.source, .forward])
        case .failed: Row([.pending, .rollingBack], nil, .rollback, [], live: [.source, .forward])
        }
    }

    /// The phases this plan visits up to Promoted, in order: what the spec does not ask for is skipped.
    public static func path(of plan: Plan) -> [Phase] {
        switch (plan.strategy, plan.copy.mode) {
        case (.fresh, _):
            [.pending, .preflight, .provisioning, .backingUp, .seeding, .awaitingCutover, .fencing, .switching, .soaking, .promoted]
                .filter { $0 != .backingUp && $0 != .seeding }
        case (.blueGreen, .snapshot):
            ([.pending, .preflight, .provisioning, .awaitingCutover, .fencing, .copying] as [Phase])
                + (plan.verification == .none ? [] : [.verifying]) + [.switching, .soaking, .promoted]
        case (.blueGreen, .live):
            ([.pending, .preflight, .provisioning, .copying, .replicating] as [Phase])
                + (plan.verification == .none ? [] : [.verifying]) + [.awaitingCutover, .fencing, .draining, .switching, .soaking, .promoted]
        }
    }

    /// The next phase on the plan's path; the phase itself when it is the last or not on the path.
    func next(in plan: Plan) -> Phase {
        let path = Phase.path(of: plan)
        guard let index = path.firstIndex(of: self), index + 1 < path.count else { return self }
        return path[index + 1]
    }

    /// Whether the phase absorbs: only a new attempt or the goal `RolledBack` leads out of it.
    public var isTerminal: Bool { self == .completed || self == .rolledBack || self == .failed }
}

extension Phase.Row {
    fileprivate init(
        _ successors: Set<Phase>, _ deadline: Int?, _ reversibility: Reversibility, _ facts: Set<FactKind>, live: Set<FactKind> = []
    ) {
        self.init(successors: successors, deadlineSeconds: deadline, reversibility: reversibility, facts: facts, liveFacts: live)
    }
}
