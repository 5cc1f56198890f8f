import KubernetesModel
import MigrationCore

/// A condition before it gets its times.
struct ConditionDraft {
    enum Truth: String { case `true` = "True", `false` = "False", unknown = "Unknown" }

    var type: ConditionType
    var truth: Truth
    var reason: Reason
    var message: String

    init(_ type: ConditionType, _ truth: Truth, _ reason: Reason, _ message: String) {
        self.type = type
        self.truth = truth
        self.reason = reason
        self.message = message
    }

    init(_ type: ConditionType, _ truth: Truth, _ cause: Record.Cause) { self.init(type, truth, cause.reason, cause.message) }

    /// `lastTransitionTime` moves only when the status does.
    func condition(previous: Condition?, generation: Int64, now: Timestamp) -> Condition {
        let since = previous.flatMap { $0.status == truth.rawValue ? $0.lastTransitionTime : nil }
        return Condition(
            type: type.rawValue, status: truth.rawValue, reason: reason.rawValue,
            message: (message.isEmpty ? reason.meaning : message).bounded(4_096), observedGeneration: generation,
            lastTransitionTime: since ?? now.time)
    }
}
