/// The closed list of reasons: of conditions, of events, and of what workers answer. `docs/conditions.md` is generated from it.
public enum Reason: String, Sendable, Hashable, Codable, CaseIterable {
    // Progress
    case progressing = "Progressing"
    case progressingWithRetry = "ProgressingWithRetry"
    case awaitingApproval = "AwaitingApproval"
    case goalReached = "GoalReached"
    case notStarted = "NotStarted"
    case notRequested = "NotRequested"
    case succeeded = "Succeeded"
    case suspended = "Suspended"
    case deleting = "Deleting"
    case waitingForOwner = "WaitingForOwner"
    case goalBehindPhase = "GoalBehindPhase"
    case rollingBack = "RollingBack"

    // The spec
    case invalidSpec = "InvalidSpec"
    case notImplemented = "NotImplemented"

    // Preflight
    case unreachable = "Unreachable"
    case authenticationFailed = "AuthenticationFailed"
    case missingPrivilege = "MissingPrivilege"
    case secretMissing = "SecretMissing"
    case connectionStringInvalid = "ConnectionStringInvalid"
    case connectionElsewhere = "ConnectionElsewhere"
    case connectionOwned = "ConnectionOwned"
    case noWorkloadSelected = "NoWorkloadSelected"
    case workloadNotSelected = "WorkloadNotSelected"
    case sessionNotSelected = "SessionNotSelected"
    case autoscaled = "Autoscaled"
    case databaseMissing = "DatabaseMissing"
    case targetNotEmpty = "TargetNotEmpty"
    case sameServer = "SameServer"
    case versionUnsupported = "VersionUnsupported"
    case preparedTransactions = "PreparedTransactions"
    case serverSettings = "ServerSettings"
    case unsupportedObject = "UnsupportedObject"
    case replicaIdentityMissing = "ReplicaIdentityMissing"
    case sequenceNearEnd = "SequenceNearEnd"
    case longTransactions = "LongTransactions"
    case serversCannotReach = "ServersCannotReach"
    case stateLost = "StateLost"
    case statusTooLarge = "StatusTooLarge"
    case forbidden = "Forbidden"
    case observationFailed = "ObservationFailed"

    // Copy and verification
    case copyFailed = "CopyFailed"
    case verificationMismatch = "VerificationMismatch"
    case verificationFailed = "VerificationFailed"
    case verificationStale = "VerificationStale"
    case workerLost = "WorkerLost"
    case workerRejected = "WorkerRejected"

    // Lanes
    case laneLost = "LaneLost"
    case laneBroken = "LaneBroken"
    case catchingUp = "CatchingUp"
    case schemaDrift = "SchemaDrift"
    case retainedWALExceeded = "RetainedWALExceeded"

    // Cutover
    case outsideWindow = "OutsideWindow"
    case jobRunning = "JobRunning"
    case draining = "Draining"
    case pauseBudgetExceeded = "PauseBudgetExceeded"
    case cutoverAborted = "CutoverAborted"
    case goalLowered = "GoalLowered"
    case fenceLost = "FenceLost"
    case deadlineExceeded = "DeadlineExceeded"
    case rolloutFailed = "RolloutFailed"
    case awaitingConnections = "AwaitingConnections"
    case connectionsTurnedBack = "ConnectionsTurnedBack"

    // Health and going back
    case probeFailed = "ProbeFailed"
    case probeInconclusive = "ProbeInconclusive"
    case soaking = "Soaking"
    case requested = "Requested"
    case lossless = "Lossless"
    case noReverseLane = "NoReverseLane"
    case reverseLaneLost = "ReverseLaneLost"
    case reverseLaneBroken = "ReverseLaneBroken"
    case reverseSchemaDrift = "ReverseSchemaDrift"
    case automaticRollbackOff = "AutomaticRollbackOff"
    case sourceNeverFenced = "SourceNeverFenced"
    case rollbackWindowClosed = "RollbackWindowClosed"
    case rollbackFailed = "RollbackFailed"

    // Telling people
    case notificationFailed = "NotificationFailed"
}
