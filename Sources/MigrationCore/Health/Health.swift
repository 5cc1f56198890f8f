/// Assessment of health, apart from its measurement: streaks of verdicts, and what they amount to.
public enum Health: Sendable, Hashable {
    /// Every check is good, since this moment.
    case good(since: Timestamp)
    /// A check reached its failure limit.
    case bad(String)
    /// A check reached its limit of readings without an answer.
    case silent(String)
    case undecided(String)

    /// The workloads' own rollout counts as a check of this name.
    public static let rolloutCheck = "rollout"
    /// Characters kept of a check's last message.
    private static let messageLimit = 256

    /// Folds new readings into the record's streaks and judges them. Without new readings the last judgement's data stand.
    static func assess(_ plan: Plan, record: inout Record, observation: Observation, now: Timestamp) -> Health {
        let limits = plan.health.limits
        let due = record.lastProbeAt.map { now >= $0.adding(seconds: plan.health.periodSeconds) } ?? true
        if due {
            // The probes fell due while this visit was under way: the next one reads them. What stands is neither renewed nor judged.
            let readings = observation.probes + measured(plan, record, observation.measurements)
            if readings.isEmpty, plan.health.hasProbes { return .undecided("the next reading is due") }
            let gapSeconds = max(60, 3 * plan.health.periodSeconds)
            if let last = record.lastProbeAt, now >= last.adding(seconds: gapSeconds) { record.healthySince = nil }
            let workloads = plan.health.workloads.map { [$0.reading(of: observation.workloads)] } ?? []
            let nothing = ProbeReading(name: rolloutCheck, verdict: .ok, message: "nothing is restarted")
            for reading in readings + workloads + [plan.cutover.workloads.isEmpty ? nothing : reading(of: observation.workloads)] {
                guard let limit = limits[reading.name], now >= record.phaseStartedAt.adding(seconds: limit.initialDelaySeconds) else { continue }
                note(reading, in: &record)
            }
            record.lastProbeAt = now
        }
        return judge(limits.sorted { $0.key < $1.key }.map { Judged(name: $0, state: record.checks[$0], limits: $1) }, record: &record, now: now)
    }

    private struct Judged {
        var name: String
        var state: Record.CheckState?
        var limits: Plan.CheckLimits

        var standing: CheckStanding { limits.standing(state) }
        var message: String { state?.message ?? "not yet read" }
        var streak: Int { state?.streak ?? 0 }
    }

    private static func judge(_ checks: [Judged], record: inout Record, now: Timestamp) -> Health {
        let bad = checks.filter { $0.standing == .failed }
        if !bad.isEmpty {
            record.healthySince = nil
            record.unhealthySince = record.unhealthySince ?? now
            return .bad(bad.map(complaint).joined(separator: "; "))
        }
        record.unhealthySince = nil
        let open = checks.filter { $0.standing != .good }
        if open.isEmpty {
            let since = record.healthySince ?? now
            record.healthySince = since
            return .good(since: since)
        }
        record.healthySince = nil
        let silent = open.filter { $0.standing == .silent }
        if !silent.isEmpty {
            return .silent(silent.map { "\($0.name) gave no usable answer \($0.streak) times in a row: \($0.message)" }.joined(separator: "; "))
        }
        return .undecided(open.map { "\($0.name): \($0.message)" }.joined(separator: "; "))
    }

    private static func complaint(_ check: Judged) -> String {
        // Where the total was reached, the last reading may be a good one.
        let isRow = check.state?.verdict == .failed && check.streak >= check.limits.failureLimit
        let count = isRow ? "\(check.streak) times in a row" : "\(check.state?.failures ?? 0) times in this soak"
        return "\(check.name) failed \(count): \(check.message)"
    }

    private static func note(_ reading: ProbeReading, in record: inout Record) {
        let before = record.checks[reading.name]
        let streak = before.map { $0.verdict == reading.verdict ? $0.streak + 1 : 1 } ?? 1
        let failures = (before?.failures ?? 0) + (reading.verdict == .failed ? 1 : 0)
        record.checks[reading.name] = .init(
            verdict: reading.verdict, streak: min(streak, 1_000_000), message: String(reading.message.prefix(messageLimit)),
            failures: min(failures, 1_000_000))
    }

    private static func measured(_ plan: Plan, _ record: Record, _ measurements: [String: Fact<MeasuredValues>]) -> [ProbeReading] {
        plan.health.measured.compactMap { check in
            measurements[check.name].map { check.reading(of: $0, baseline: record.baselines?[check.name]) }
        }
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
