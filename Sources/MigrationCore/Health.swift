/// Assessment of health, apart from its measurement: streaks of verdicts, and what they amount to.
public enum Health: Sendable, Hashable {
    /// Every check is good, since this moment.
    case good(since: Timestamp)
    /// A check reached its failure limit.
    case bad(String)
    case undecided(String)

    /// The workloads' own rollout counts as a check of this name.
    public static let rolloutCheck = "rollout"
    static let rolloutFailureLimit = 3
    /// Characters kept of a check's last message.
    private static let messageLimit = 256

    /// Folds new readings into the record's streaks and judges them. Without new readings the last judgement's data stand.
    static func assess(_ plan: Plan, record: inout Record, readings: [ProbeReading], rollout: Fact<WorkloadsState>, now: Timestamp) -> Health {
        var limits = Dictionary(plan.health.http.map { ($0.name, $0.failureLimit) }) { first, _ in first }
        limits[rolloutCheck] = rolloutFailureLimit
        let due = record.lastProbeAt.map { now >= $0.adding(seconds: plan.health.periodSeconds) } ?? true
        if due {
            // The probes fell due while this visit was under way: the next one reads them. What stands is neither renewed nor judged.
            if readings.isEmpty, !plan.health.http.isEmpty { return .undecided("the next reading is due") }
            let gapSeconds = max(60, 3 * plan.health.periodSeconds)
            if let last = record.lastProbeAt, now >= last.adding(seconds: gapSeconds) { record.healthySince = nil }
            for reading in readings + [reading(of: rollout)] where limits[reading.name] != nil { note(reading, in: &record) }
            record.lastProbeAt = now
        }
        let states = limits.keys.sorted().map { (name: $0, state: record.checks[$0], limit: limits[$0] ?? 1) }
        if states.allSatisfy({ $0.state?.verdict == .ok }) {
            let since = record.healthySince ?? now
            record.healthySince = since
            record.unhealthySince = nil
            return .good(since: since)
        }
        record.healthySince = nil
        let bad = states.filter { $0.state?.verdict == .failed && ($0.state?.streak ?? 0) >= $0.limit }
        if !bad.isEmpty {
            record.unhealthySince = record.unhealthySince ?? now
            return .bad(bad.map { "\($0.name) failed \($0.state?.streak ?? 0) times in a row: \($0.state?.message ?? "")" }.joined(separator: "; "))
        }
        record.unhealthySince = nil
        let open = states.filter { $0.state?.verdict != .ok }
        return .undecided(open.map { "\($0.name): \($0.state?.message ?? "not yet read")" }.joined(separator: "; "))
    }

    private static func note(_ reading: ProbeReading, in record: inout Record) {
        let streak = record.checks[reading.name].map { $0.verdict == reading.verdict ? $0.streak + 1 : 1 } ?? 1
        record.checks[reading.name] = .init(
            verdict: reading.verdict, streak: min(streak, 1_000_000), message: String(reading.message.prefix(messageLimit)))
    }

    private static func reading(of rollout: Fact<WorkloadsState>) -> ProbeReading {
        switch rollout {
        case .unknown(let why): ProbeReading(name: rolloutCheck, verdict: .inconclusive, message: why)
        case .value(let workloads):
            switch workloads.rollout {
            case .complete: ProbeReading(name: rolloutCheck, verdict: .ok, message: "complete")
            case .progressing(let why): ProbeReading(name: rolloutCheck, verdict: .inconclusive, message: why)
            case .failed(let why): ProbeReading(name: rolloutCheck, verdict: .failed, message: why)
            }
        }
    }
}
