import MigrationCore

/// The checks of `spec.health` that are there once, and whose readings have fixed names.
enum ApplicationCheckRules {
    static func workloads(_ spec: LimitedCheck<WorkloadCheckSpec>, _ path: String, _ findings: inout Findings) -> Plan.WorkloadCheck {
        findings.range("\(path).minAvailablePercent", spec.minAvailablePercent, 1...100)
        findings.range("\(path).maxRestarts", spec.maxRestarts, 0...1_000_000)
        return Plan.WorkloadCheck(
            minAvailablePercent: spec.minAvailablePercent, maxRestarts: spec.maxRestarts, limits: HealthRules.limits(spec, path, &findings))
    }

    static func sessions(_ spec: LimitedCheck<SessionCheckSpec>, _ path: String, _ findings: inout Findings) -> Plan.SessionCheck {
        findings.range("\(path).maxOnSource", spec.maxOnSource, 0...1_000_000)
        findings.range("\(path).minOnTarget", spec.minOnTarget, 0...1_000_000)
        if let percent = spec.maxIncreasePercent { findings.range("\(path).maxIncreasePercent", percent, 0...100_000) }
        if let percent = spec.maxDecreasePercent { findings.range("\(path).maxDecreasePercent", percent, 0...100) }
        return Plan.SessionCheck(
            maxOnSource: spec.maxOnSource, minOnTarget: spec.minOnTarget, maxIncreasePercent: spec.maxIncreasePercent,
            maxDecreasePercent: spec.maxDecreasePercent, limits: HealthRules.limits(spec, path, &findings))
    }

    static func logs(_ spec: LimitedCheck<LogCheckSpec>, _ path: String, _ findings: inout Findings) -> Plan.LogCheck {
        HealthRules.pattern(spec.errorPattern, "\(path).errorPattern", &findings)
        if let limit = spec.maxMatches { findings.range("\(path).maxMatches", limit, 0...1_000_000) }
        if let percent = spec.maxIncreasePercent { findings.range("\(path).maxIncreasePercent", percent, 0...100_000) }
        if spec.maxMatches == nil, spec.maxIncreasePercent == nil { findings.add(path, "has no limit; give maxMatches or maxIncreasePercent") }
        return Plan.LogCheck(
            errorPattern: spec.errorPattern, maxMatches: spec.maxMatches, maxIncreasePercent: spec.maxIncreasePercent,
            limits: HealthRules.limits(spec, path, &findings))
    }

    /// What watches the restarted workloads needs some: without, it would never have an answer, and nothing would ever be promoted.
    static func needWorkloads(_ health: Plan.Health, _ cutover: Plan.Cutover, _ findings: inout Findings) {
        guard !cutover.workloads.contains(where: { $0.kinds.isEmpty || $0.kinds.contains(where: \.restarts) }) else { return }
        let remedy = "watches Deployments, StatefulSets and DaemonSets of spec.cutover.workloads, which select none; select some, or remove the check"
        if health.workloads != nil { findings.add("spec.health.workloads", remedy) }
        if health.logs != nil { findings.add("spec.health.logs", remedy) }
    }

    /// Those that no other check may have.
    static func names(_ health: Plan.Health) -> [String] {
        [Health.rolloutCheck] + (health.workloads == nil ? [] : [Plan.WorkloadCheck.name])
            + (health.sessions == nil ? [] : [Plan.SessionCheck.sourceName, Plan.SessionCheck.targetName])
            + (health.logs == nil ? [] : [Plan.LogCheck.name])
    }
}
