public import MigrationCore

/// How a run ends.
public enum Ending: Sendable, Hashable {
    /// Promoted, with the way back open.
    case promoted
    case completed
    /// Back to the source after the switch.
    case rolledBack
    /// Back to the source before the switch.
    case rolledBackEarly(in: Phase)
    /// Back after the switch, and forward again.
    case secondAttempt
    /// The resource is deleted as soon as the phase is reached, under load.
    case deleted(in: Phase)

    static let deletable: [Phase] = [
        .provisioning, .copying, .replicating, .verifying, .awaitingCutover, .fencing, .draining,
        .switching, .soaking, .promoted,
    ]
    static let reversible: [Phase] = [
        .copying, .replicating, .verifying, .awaitingCutover, .fencing, .draining, .switching, .soaking,
    ]

    init(_ random: inout SeededGenerator) {
        switch random.int(1...100) {
        case ...22: self = .promoted
        case ...37: self = .completed
        case ...57: self = .rolledBack
        case ...67: self = .rolledBackEarly(in: random.pick(Self.reversible))
        case ...85: self = .secondAttempt
        default: self = .deleted(in: random.pick(Self.deletable))
        }
    }

    var description: String {
        switch self {
        case .promoted: "Promoted"
        case .completed: "Completed"
        case .rolledBack: "rolled back after the switch"
        case .rolledBackEarly(let phase): "rolled back in \(phase.rawValue)"
        case .secondAttempt: "rolled back, then Promoted by a second attempt"
        case .deleted(let phase): "deleted in \(phase.rawValue)"
        }
    }

    /// The phases a run comes through, each with how often it has been entered by then.
    var path: [PhaseVisit] {
        let way: [Phase] = [
            .provisioning, .copying, .replicating, .verifying, .awaitingCutover, .fencing, .draining,
            .switching, .soaking, .promoted,
        ]
        let first = way.map { PhaseVisit(phase: $0, count: 1) }
        func upTo(_ phase: Phase) -> [PhaseVisit] {
            Array(first.prefix { $0.phase != phase }) + [PhaseVisit(phase: phase, count: 1)]
        }
        let back = [PhaseVisit(phase: .rollingBack, count: 1)]
        switch self {
        case .promoted: return first
        case .completed: return first + [PhaseVisit(phase: .cleaningUp, count: 1)]
        case .rolledBack: return first + back + back
        case .rolledBackEarly(let phase): return upTo(phase) + back + back
        case .secondAttempt:
            let again: [Phase] = [.awaitingCutover, .fencing, .draining, .switching, .soaking, .promoted]
            return first + back + back + again.map { PhaseVisit(phase: $0, count: 2) }
        case .deleted(let phase): return upTo(phase)
        }
    }
}

/// The n-th time a phase is entered.
public struct PhaseVisit: Sendable, Hashable {
    var phase: Phase
    var count: Int
    var description: String { count == 1 ? phase.rawValue : "\(phase.rawValue) (\(count).)" }
}
