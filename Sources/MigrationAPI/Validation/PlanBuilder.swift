import KubernetesModel
public import MigrationCore
import MigrationPorts

/// Turns a spec into a ``Plan``, or finds every problem it has. The rules are those of the schema and of its CEL rules, for servers
/// without CEL and for `lint`, and those only code can express.
public enum PlanBuilder {
    /// - Parameter accepted: a plan this migration already works by (``Record/frozen``): source, target, databases and copy mode must still be its.
    public static func read(_ migration: DatabaseMigration, accepted: Plan? = nil) -> SpecReading {
        var findings = Findings()
        let spec = migration.spec
        let receivers = NotificationRules.receivers(spec.notifications, &findings)
        var intent = intent(spec, isDeleted: migration.isBeingDeleted, &findings)
        intent.gates = GateRules.gates(spec.gates, &findings)
        intent.notifies = receivers.reduce(into: []) { $0.formUnion($1.occasions) }
        refuseLaterParts(spec, &findings)
        let plan = plan(spec, &findings)
        PlanSize.check(plan, &findings)
        if let accepted { Immutability.check(plan, against: accepted, &findings) }
        return SpecReading(intent: intent, plan: findings.problems.isEmpty ? plan : nil, receivers: receivers, problems: findings.problems)
    }

    private static func intent(_ spec: DatabaseMigrationSpec, isDeleted: Bool, _ findings: inout Findings) -> Intent {
        findings.word("spec.goal", spec.goal, oneOf: Goal.allCases.map(\.rawValue))
        findings.range("spec.attempt", spec.attempt, 1...1_000_000)
        let acceptedLoss = spec.rollback.acceptLoss ?? ""
        if acceptedLoss.utf8.count > 64 {
            findings.add("spec.rollback.acceptLoss", "is longer than 64 bytes; give the reason of the condition RollbackReady, such as NoReverseLane")
        }
        return Intent(
            goal: Goal(rawValue: spec.goal) ?? .ready, attempt: spec.attempt, isSuspended: spec.suspend, isDeleted: isDeleted,
            acceptedLoss: acceptedLoss)
    }

    private static func plan(_ spec: DatabaseMigrationSpec, _ findings: inout Findings) -> Plan {
        let source = ServerRules.server(spec.source, "spec.source", &findings)
        let target = ServerRules.server(spec.target, "spec.target", &findings)
        ServerRules.differ(source, target, &findings)
        let databases = DatabaseRules.databases(spec.databases, &findings)
        DatabaseRules.keepClear(databases, source: source, target: target, &findings)
        let copy = CopyRules.copy(spec.copy, &findings)
        let cutover = CutoverRules.cutover(spec.cutover, databases: databases, mode: copy.mode, &findings)
        let health = HealthRules.health(spec.health, &findings)
        ApplicationCheckRules.needWorkloads(health, cutover, &findings)
        let maxAge = CopyRules.verificationMaxAge(spec.verification, copy.mode, &findings)
        PoolerRules.leaveTime(cutover.poolers, verificationMaxAge: maxAge, &findings)
        return Plan(
            source: source, target: target, databases: databases, strategy: .blueGreen, copy: copy,
            verification: CopyRules.verification(spec.verification, &findings),
            verificationMaxAgeSeconds: maxAge,
            cutover: cutover, health: health,
            rollback: Plan.Rollback(automatic: spec.rollback.automatic, keepReverseReplication: spec.rollback.keepReverseReplication))
    }
}
