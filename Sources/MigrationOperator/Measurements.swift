import MigrationCore
import MigrationPorts

/// The numbers that checks judge: all of them when a reading is due, before the cutover those that later ones are compared with.
extension MigrationObserver {
    /// What Prometheus and the pods' logs give.
    func measurements(
        _ reference: MigrationReference, _ plan: Plan, _ record: Record?, _ facts: Set<FactKind>
    ) async -> [String: Fact<MeasuredValues>] {
        let wanted = Self.wanted(plan, facts)
        guard !wanted.isEmpty else { return [:] }
        async let logs = self.logs(reference, plan, record, wanted)
        var measured = await adapters.measurements.measure(reference, plan.health.prometheus.filter { wanted.contains($0.name) })
        if let logs = await logs { measured[Plan.LogCheck.name] = logs }
        return measured
    }

    private func logs(
        _ reference: MigrationReference, _ plan: Plan, _ record: Record?, _ wanted: Set<String>
    ) async -> Fact<MeasuredValues>? {
        guard let check = plan.health.logs, wanted.contains(Plan.LogCheck.name) else { return nil }
        return await adapters.logs.matches(reference, plan: plan, check: check, seconds: check.seconds(record, now: .now))
    }

    /// Application sessions on both servers; before the cutover those on the source, which the target's are compared with.
    func sessions(_ context: DatabaseContext, _ facts: Set<FactKind>) async -> [String: Fact<MeasuredValues>] {
        var measured: [String: Fact<MeasuredValues>] = [:]
        for name in Self.sessionChecks(context.plan, facts) {
            let side: Side = name == Plan.SessionCheck.targetName && facts.contains(.probes) ? .target : .source
            measured[name] = await adapters.databases.countSessions(context, side: side).map { MeasuredValues($0) }
        }
        return measured
    }

    /// The same without access to the servers.
    func unknownSessions(_ plan: Plan, _ facts: Set<FactKind>, _ why: String) -> [String: Fact<MeasuredValues>] {
        Dictionary(uniqueKeysWithValues: Self.sessionChecks(plan, facts).map { ($0, .unknown(why)) })
    }

    private static func sessionChecks(_ plan: Plan, _ facts: Set<FactKind>) -> Set<String> {
        wanted(plan, facts).intersection([Plan.SessionCheck.sourceName, Plan.SessionCheck.targetName])
    }

    private static func wanted(_ plan: Plan, _ facts: Set<FactKind>) -> Set<String> {
        if facts.contains(.probes) { return Set(plan.health.measured.map(\.name)) }
        return facts.contains(.baseline) ? Set(plan.health.measured.filter(\.wantsBaseline).map(\.name)) : []
    }
}
