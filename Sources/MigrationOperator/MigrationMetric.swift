/// Every series about migrations, with the line Prometheus shows for it.
///
/// `docs/observability.md`, the dashboard and the alerts use these names; tests compare them.
enum MigrationMetric: String, CaseIterable, Sendable {
    case phase = "dbmigration_phase"
    case phaseStart = "dbmigration_phase_start_time_seconds"
    case phaseSeconds = "dbmigration_phase_seconds"
    case condition = "dbmigration_condition"
    case bytesCopied = "dbmigration_bytes_copied"
    case bytesExpected = "dbmigration_bytes_expected"
    case lagBytes = "dbmigration_lag_bytes"
    case lagSeconds = "dbmigration_lag_seconds"
    case retainedWAL = "dbmigration_retained_wal_bytes"
    case writePause = "dbmigration_write_pause"
    case pauseSeconds = "dbmigration_pause_seconds"
    case pauseBudget = "dbmigration_pause_budget_seconds"
    case probeSuccess = "dbmigration_probe_success"
    case probeResults = "dbmigration_probe_results_total"
    case actionFailures = "dbmigration_action_failures_total"
    case notifications = "dbmigration_notifications_total"
    case finished = "dbmigration_finished_total"

    var help: String {
        switch self {
        case .phase: "1 for the phase a migration is in, 0 for those it has been in."
        case .phaseStart: "Unix time at which the present phase began."
        case .phaseSeconds: "Seconds spent in each phase that was left, over all visits the timeline still has."
        case .condition: "1 for a condition that is True, 0 for one that is False; absent while it is unknown."
        case .bytesCopied: "Bytes copied so far, over all databases."
        case .bytesExpected: "Bytes there are to copy, over all databases."
        case .lagBytes: "How far a database's lanes are behind their publisher."
        case .lagSeconds: "The same in time; absent until the lanes were watched for as long as that."
        case .retainedWAL: "Write-ahead log that the publisher keeps for the slot of a database's lane that is furthest back."
        case .writePause: "1 from the closed fence until applications are sent to the other side, forth or back; 0 otherwise."
        case .pauseSeconds: "Length of the write pause so far, forth until the first client write on the target, back until the source is open."
        case .pauseBudget: "The longest write pause that the migration allows before it is undone."
        case .probeSuccess: "The last verdict of a health check: 1 ok, 0 failed; absent while inconclusive."
        case .probeResults: "Readings of a health check by verdict: ok, failed, inconclusive."
        case .actionFailures: "Actions that failed and are tried again, by the phase they belong to."
        case .notifications: "Tries to notify a receiver, by result: sent, retried, failed (given up)."
        case .finished: "Migrations that reached the end of an attempt since this process began, by phase: Promoted, Completed, RolledBack, Failed."
        }
    }
}
