@testable import MigrationCore

/// The moment at which most tests decide.
let start = Timestamp(milliseconds: 1_000_000_000)

extension Plan {
    /// One database, one Secret, one Deployment, one probe.
    static func example(
        mode: Copy.Mode = .snapshot, verification: Verification = .rowCount, pauseSeconds: Int = 60, rolloutSeconds: Int = 120,
        periodSeconds: Int = 10,
        soakSeconds: Int = 30, failureLimit: Int = 2, automaticRollback: Bool = true, strategy: Strategy = .blueGreen, rests: Bool = false
    ) -> Plan {
        Plan(
            source: .init(host: "old", credentials: .init(name: "old-admin")), target: .init(host: "new", credentials: .init(name: "new-admin")),
            databases: [.init(name: "ledger")], strategy: strategy, copy: .init(mode: mode), verification: verification,
            cutover: .init(
                pauseSeconds: pauseSeconds, connections: [.init(secret: .init(name: "ledger", key: "url"), database: "ledger")],
                workloads: [
                    .init(
                        matchLabels: ["app": "ledger"], kinds: rests ? [.deployment, .cronJob] : [.deployment], scaleToZero: rests,
                        rolloutSeconds: rolloutSeconds)
                ]),
            health: .init(
                periodSeconds: periodSeconds,
                http: [.init(name: "health", address: .url("http://ledger/health"), limits: .init(failureLimit: failureLimit))],
                soakSeconds: soakSeconds),
            rollback: .init(automatic: automaticRollback))
    }
}

extension Plan {
    /// The same, with the applications behind a PgBouncer that is all they know, or, when `andConnected`, with others beside them that have connections
    /// of their own.
    static func pooled(
        pauseSeconds: Int = 60, periodSeconds: Int = 10, soakSeconds: Int = 30, failureLimit: Int = 2, automaticRollback: Bool = true,
        andConnected: Bool = false
    ) -> Plan {
        var plan = Plan.example(
            mode: .live, pauseSeconds: pauseSeconds, periodSeconds: periodSeconds, soakSeconds: soakSeconds, failureLimit: failureLimit,
            automaticRollback: automaticRollback)
        if !andConnected { (plan.cutover.connections, plan.cutover.workloads) = ([], []) }
        plan.cutover.poolers = [
            .init(
                name: "pgbouncer", consoles: .service(name: "pgbouncer", port: "pgbouncer"), credentials: .init(name: "pgbouncer-admin"),
                file: .init(kind: .configMap, name: "pgbouncer", key: "pgbouncer.ini"), databases: ["ledger"])
        ]
        return plan
    }
}

extension Record.Fence {
    static func standing(epoch: Int64 = 0, decidedAt: Timestamp = start, seconds: Int = 60) -> Record.Fence {
        Record.Fence(epoch: epoch, decidedAt: decidedAt, deadline: decidedAt.adding(seconds: seconds))
    }
}

extension Record {
    /// A record as it stands in `phase` after a plain Snapshot run up to there.
    static func reached(_ phase: Phase, plan: Plan = .example(), at now: Timestamp = start) -> Record {
        var record = Record(attempt: 1, phase: phase, at: now)
        let isFenced: Set<Phase> = [.fencing, .copying, .verifying, .draining, .switching, .soaking, .promoted, .rollingBack]
        if isFenced.contains(phase) {
            record.frozen = plan
            record.fence = .standing(decidedAt: now, seconds: plan.cutover.pauseSeconds)
        }
        if [.copying, .verifying, .switching, .soaking, .promoted, .rollingBack].contains(phase) { record.jobs[.copy] = 1 }
        if [.verifying, .switching, .soaking, .promoted, .rollingBack].contains(phase) { record.jobs[.verify] = 1 }
        if [.soaking, .promoted, .rollingBack].contains(phase) {
            record.switchedAt = now
            record.targetEpoch = 0
        }
        return record
    }
}

extension SourceState {
    static func open(_ epoch: Int64) -> SourceState { .init(fence: .open, epoch: epoch) }
    static func partial(_ epoch: Int64) -> SourceState { .init(fence: .partial, epoch: epoch) }
    static func closed(_ epoch: Int64) -> SourceState {
        .init(fence: .closed, epoch: epoch, closedAt: start, evidence: "CONNECTION LIMIT 0, no session")
    }
}

extension TargetState {
    static func open(_ epoch: Int64, wrote: Bool = false) -> TargetState {
        .init(isPrepared: true, fence: .open, epoch: epoch, tookClientWrite: wrote)
    }
    static func closed(_ epoch: Int64, wrote: Bool = false) -> TargetState {
        .init(isPrepared: true, fence: .closed, epoch: epoch, tookClientWrite: wrote)
    }
}
