import MigrationCore

/// `Healthy`: what the checks of this soak say together. Absent answers count neither way.
struct HealthCondition {
    private let input: StatusInput

    init(_ input: StatusInput) { self.input = input }

    var condition: ConditionDraft {
        let record = input.record
        switch record.phase {
        case .soaking, .promoted, .cleaningUp, .completed: return judged(record)
        case .rollingBack, .rolledBack, .failed:
            guard let cause = record.rollback?.cause, cause.reason == .probeFailed else { break }
            return ConditionDraft(.healthy, .false, cause)
        default: break
        }
        return ConditionDraft(.healthy, .unknown, .notStarted, "Health is watched once the applications run on the target.")
    }

    private func judged(_ record: Record) -> ConditionDraft {
        let checks = record.checks.sorted { $0.key < $1.key }
        let limits = input.plan?.health.limits ?? [:]
        let failed = checks.filter { $0.value.verdict == .failed || limits[$0.key]?.standing($0.value) == .failed }
        if !failed.isEmpty { return ConditionDraft(.healthy, .false, .probeFailed, text(failed)) }
        let open = checks.filter { (limits[$0.key] ?? Plan.CheckLimits()).standing($0.value) != .good }
        if !open.isEmpty { return ConditionDraft(.healthy, .unknown, .probeInconclusive, text(open)) }
        let missing = limits.keys.sorted().filter { $0 != Health.rolloutCheck && record.checks[$0] == nil }
        if !missing.isEmpty || checks.isEmpty {
            let names = missing.isEmpty ? "the rollout" : missing.joined(separator: ", ")
            return ConditionDraft(.healthy, .unknown, .probeInconclusive, "Not yet read: \(names).")
        }
        return ConditionDraft(.healthy, .true, .succeeded, "All \(checks.count) checks are good: \(checks.map(\.key).joined(separator: ", ")).")
    }

    private func text(_ checks: [(key: String, value: Record.CheckState)]) -> String {
        checks.map { "\($0.key), \($0.value.verdict.rawValue) \($0.value.streak) in a row: \($0.value.message)" }.joined(separator: "\n")
    }
}
