import MigrationCore
import StructuredData

/// From Fencing on the record holds the whole plan. A plan too large for it is refused at the start, not in the middle of a write pause.
enum PlanSize {
    /// In bytes of JSON. The rest of the record's 64 KiB is for the timeline, the checks and their messages.
    static let limit = 32_768

    static func check(_ plan: Plan, _ findings: inout Findings) {
        guard let size = try? JSON.encode(plan).count, size > limit else { return }
        findings.add(
            "spec", "makes a plan of \(size) bytes, more than the \(limit) the controller's record has room for; split it into several migrations")
    }
}
