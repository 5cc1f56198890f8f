import KubernetesModel
import MigrationCore

/// Percent and seconds for people; nothing decides by them.
enum Progress {
    /// Where each phase begins and ends, in percent of the way to Promoted.
    private static func span(_ phase: Phase, isLive: Bool) -> ClosedRange<Double>? {
        switch phase {
        case .copying where isLive: 10...60
        case .replicating where isLive: 60...65
        case .verifying where isLive: 65...75
        case .awaitingCutover where isLive: 75...75
        case .fencing where isLive: 75...78
        case .draining where isLive: 78...82
        case .switching where isLive: 82...90
        case .pending: 0...0
        case .preflight: 0...5
        case .provisioning: 5...10
        case .backingUp, .seeding, .awaitingCutover: 10...10
        case .fencing: 10...15
        case .copying: 15...70
        case .replicating: 70...70
        case .verifying: 70...80
        case .draining, .switching: 80...90
        case .soaking: 90...99
        case .promoted, .cleaningUp: 99...99
        case .completed: 100...100
        case .rollingBack, .rolledBack, .failed: nil
        }
    }

    static func percent(_ input: StatusInput) -> Int {
        if case .goalReached = input.decision.standing { return 100 }
        guard let span = span(input.record.phase, isLive: input.plan?.isLive == true) else {
            return min(input.previousOfAttempt?.progressPercent ?? 0, 99)
        }
        return Int(span.lowerBound + (span.upperBound - span.lowerBound) * fraction(input))
    }

    private static func fraction(_ input: StatusInput) -> Double {
        let progress = input.observation.progress
        switch input.record.phase {
        case .copying: return ratio(progress.reduce(0) { $0 + $1.bytesCopied }, of: progress.reduce(0) { $0 + $1.bytesTotal })
        case .verifying: return ratio(Int64(progress.reduce(0) { $0 + $1.tablesVerified }), of: Int64(progress.reduce(0) { $0 + $1.tablesTotal }))
        case .replicating:
            guard let lag = StatusBuilder.lagBytes(input), let goal = lagGoal(input) else { return 0 }
            return lag <= goal ? 1 : ratio(goal, of: lag)
        case .draining:
            guard let lanes = input.observation.forward.value?.lanes, let position = input.record.fence?.position else { return 0 }
            return ratio(Int64(lanes.count { $0.confirmed.map { $0 >= position } ?? false }), of: Int64(lanes.count))
        case .soaking:
            guard let since = input.record.healthySince, let soak = input.plan?.health.soakSeconds else { return 0 }
            return ratio(input.now.since(since), of: Int64(soak) * 1_000)
        default: return 0
        }
    }

    private static func ratio(_ part: Int64, of whole: Int64) -> Double {
        whole > 0 ? min(max(Double(part) / Double(whole), 0), 1) : 0
    }

    /// Of the current phase; `nil` where nothing tells.
    static func secondsLeft(_ input: StatusInput) -> Int64? {
        switch input.record.phase {
        case .copying:
            let copied = input.observation.progress.reduce(0) { $0 + $1.bytesCopied }
            let total = input.observation.progress.reduce(0) { $0 + $1.bytesTotal }
            let elapsed = input.now.since(input.record.phaseStartedAt)
            // With all rows there, what is left is building indexes, of which nobody knows how long it takes.
            guard copied > 0, total > copied, elapsed >= 1_000 else { return nil }
            let seconds = Double(elapsed) / 1_000 * Double(total - copied) / Double(copied)
            return seconds < 1e9 ? Int64(seconds.rounded(.up)) : nil
        case .replicating, .draining: return secondsOfLag(input)
        case .soaking:
            guard let since = input.record.healthySince, let soak = input.plan?.health.soakSeconds else { return nil }
            return max(0, Int64(soak) - input.now.since(since) / 1_000)
        default: return nil
        }
    }

    /// The lag at which the phase is done.
    private static func lagGoal(_ input: StatusInput) -> Int64? { input.record.phase == .draining ? 0 : input.plan?.cutover.maxLagBytes }

    /// By how fast the lag has shrunk since the last status of this phase.
    private static func secondsOfLag(_ input: StatusInput) -> Int64? {
        guard let lag = StatusBuilder.lagBytes(input), let goal = lagGoal(input) else { return nil }
        if lag <= goal { return 0 }
        guard let previous = input.previousOfAttempt, previous.phase == input.record.phase.rawValue, let before = previous.lagBytes, before > lag,
            let measuredAt = previous.lagMeasuredAt
        else { return nil }
        let elapsed = input.now.milliseconds - measuredAt.microsecondsSince1970 / 1_000
        guard elapsed > 0 else { return nil }
        let seconds = Double(lag - goal) / Double(before - lag) * Double(elapsed) / 1_000
        return seconds < 1e9 ? Int64(seconds.rounded(.up)) : nil
    }
}
