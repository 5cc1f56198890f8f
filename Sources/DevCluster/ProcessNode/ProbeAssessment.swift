import KubernetesModel

/// Counts the results of a probe against its thresholds.
struct ProbeAssessment: Sendable, Hashable {
    let successThreshold: Int
    let failureThreshold: Int
    /// The verdict so far; `nil` until a threshold was reached.
    private(set) var isPassing: Bool?
    private var streak = 0
    private var lastResult: Bool?

    init(_ probe: Probe) {
        successThreshold = max(probe.successThreshold ?? 1, 1)
        failureThreshold = max(probe.failureThreshold ?? 3, 1)
    }

    /// Takes one result; gives whether the verdict changed by it.
    mutating func record(_ passed: Bool) -> Bool {
        streak = lastResult == passed ? streak + 1 : 1
        lastResult = passed
        guard streak >= (passed ? successThreshold : failureThreshold), isPassing != passed else { return false }
        isPassing = passed
        return true
    }
}
