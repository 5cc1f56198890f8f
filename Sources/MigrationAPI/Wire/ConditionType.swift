/// The conditions of a migration, in the order they are written. The first three are kstatus's summary; `Reconciling`, `Stalled`
/// and `StatusTrimmed` are absent rather than False.
public enum ConditionType: String, Sendable, Hashable, CaseIterable {
    case ready = "Ready"
    case reconciling = "Reconciling"
    case stalled = "Stalled"
    case awaitingApproval = "AwaitingApproval"
    case specValid = "SpecValid"
    case preflightPassed = "PreflightPassed"
    case provisioned = "Provisioned"
    case backedUp = "BackedUp"
    case copied = "Copied"
    case caughtUp = "CaughtUp"
    case verified = "Verified"
    case cutOver = "CutOver"
    case healthy = "Healthy"
    case promoted = "Promoted"
    case rollbackReady = "RollbackReady"
    case rolledBack = "RolledBack"
    case cleanedUp = "CleanedUp"
    case statusTrimmed = "StatusTrimmed"
}
