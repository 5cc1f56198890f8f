import KubernetesModel
import MigrationAPI
import MigrationCore
import MigrationPorts

/// Gathers the facts the next decision asks for, concurrently; it never decides.
struct MigrationObserver: Sendable {
    let adapters: MigrationAdapters
    let access: ServerAccessReader
    let ownership: Ownership
    let finalizer: String

    func observe(_ object: DatabaseMigration, _ visit: VisitContext) async -> Observation {
        var observation = Observation(hasFinalizer: object.metadata.finalizers?.contains(finalizer) ?? false)
        let facts = visit.facts
        if facts.contains(.conflictingOwner) { observation.conflictingOwner = ownership.conflictingOwner(of: object, plan: visit.plan) }
        if facts.contains(.window), let window = visit.plan?.cutover.window { observation.window = window.state(at: .now) }
        guard !facts.isDisjoint(with: FactKind.observable) else { return observation }
        guard let plan = visit.plan else { return await withoutPlan(visit, observation) }

        async let cluster = self.cluster(visit.reference, plan, visit.record, facts)
        async let servers = self.servers(visit, plan)
        let (fromCluster, (fromServers, context)) = await (cluster, servers)
        observation.secrets = fromCluster.secrets
        observation.connections = fromCluster.connections
        observation.hasDigestKey = fromCluster.hasDigestKey
        observation.workloads = fromCluster.workloads
        observation.rest = fromCluster.rest
        observation.job = fromCluster.job
        observation.hasJobs = fromCluster.hasJobs
        observation.probes = fromCluster.probes
        observation.measurements = fromCluster.measurements.merging(fromServers.measurements) { first, _ in first }
        observation.poolers = fromCluster.poolers
        observation.preflight = fromServers.preflight
        observation.warnings = fromServers.warnings
        observation.source = fromServers.source
        observation.target = fromServers.target
        observation.forward = fromServers.forward
        observation.reverse = fromServers.reverse
        observation.leftovers = fromServers.leftovers
        observation.seenLeftovers = fromServers.seenLeftovers
        observation.progress = fromServers.progress
        if let context { await addDrift(to: &observation, context, visit) }
        return observation
    }

    /// An invalid spec that was never accepted: what deletion has to know can be seen without a plan, because no phase has touched a server.
    private func withoutPlan(_ visit: VisitContext, _ before: Observation) async -> Observation {
        var observation = before
        if visit.facts.contains(.rest) { observation.rest = await adapters.workloads.observeRest(visit.reference, selecting: []) }
        guard visit.facts.contains(.leftovers) else { return observation }
        observation.hasJobs = await adapters.jobs.any(visit.reference)
        (observation.leftovers, observation.seenLeftovers) = await leftovers(visit) { _ in .unknown("the spec makes no plan that says which") }
        return observation
    }

    private func cluster(_ reference: MigrationReference, _ plan: Plan, _ record: Record?, _ facts: Set<FactKind>) async -> Observation {
        var observation = Observation()
        async let poolers = facts.contains(.poolers) ? adapters.poolers.observe(reference, plan: plan) : .unknown(Observation.notAsked)
        if facts.contains(.secrets) {
            let seen = await adapters.secrets.observe(reference, plan: plan, attempt: record?.attempt ?? 1)
            (observation.secrets, observation.connections, observation.hasDigestKey) = (seen.state, seen.values, seen.hasDigestKey)
        }
        if facts.contains(.workloads) { observation.workloads = await adapters.workloads.observe(reference, plan: plan) }
        if facts.contains(.rest) { observation.rest = await adapters.workloads.observeRest(reference, selecting: plan.cutover.workloads) }
        if facts.contains(.job), let step = record?.phase.step, let number = record?.jobs[step] {
            observation.job = await adapters.jobs.observe(reference, step: step, number: number)
        }
        if facts.contains(.hasJobs) { observation.hasJobs = await adapters.jobs.any(reference) }
        async let measurements = self.measurements(reference, plan, record, facts)
        if facts.contains(.probes) { observation.probes = await adapters.probes.read(reference, plan: plan) }
        observation.measurements = await measurements
        observation.poolers = await poolers
        return observation
    }

    /// - Returns: the facts, and what more can be asked with; `nil` when there is no access.
    private func servers(_ visit: VisitContext, _ plan: Plan) async -> (Observation, DatabaseContext?) {
        let (reference, record, facts) = (visit.reference, visit.record, visit.facts)
        var observation = Observation()
        guard !facts.isDisjoint(with: [.preflight, .source, .target, .forward, .reverse, .leftovers]) else { return (observation, nil) }
        // Who logs in matters while roles are checked and made; later visits need not read every Secret for it.
        let needsRoles = facts.contains(.preflight) || record?.phase == .provisioning
        let roles = needsRoles ? await adapters.applicationRoles(reference, plan) : ApplicationRoles(roles: [], problems: [])
        switch await access.read(plan, for: visit) {
        case .problems(let problems):
            let why = problems.map(\.message).joined(separator: "; ")
            if facts.contains(.preflight) { observation.preflight = .value(problems + roles.problems) }
            observation.source = .unknown(why)
            observation.target = .unknown(why)
            observation.forward = .unknown(why)
            observation.reverse = .unknown(why)
            observation.measurements = unknownSessions(plan, facts, why)
            (observation.leftovers, observation.seenLeftovers) = await leftovers(visit) { _ in .unknown(why) }
            return (observation, nil)
        case .access(let source, let target):
            let context = DatabaseContext(uid: reference.uid, plan: plan, source: source, target: target, applicationRoles: roles.roles)
            let databases = adapters.databases
            let isRollingBack = record?.phase == .rollingBack
            async let sourceState = facts.contains(.source) ? databases.observeSource(context) : .unknown(Observation.notAsked)
            async let targetState =
                facts.contains(.target)
                ? databases.observeTarget(context, withPosition: isRollingBack) : .unknown(Observation.notAsked)
            async let forward = facts.contains(.forward) ? databases.observeLanes(context, .forward) : .unknown(Observation.notAsked)
            async let reverse = facts.contains(.reverse) ? databases.observeLanes(context, .reverse) : .unknown(Observation.notAsked)
            async let sessions = self.sessions(context, facts)
            async let progress = record?.phase.step != nil ? databases.progress(context) : .unknown(Observation.notAsked)
            if facts.contains(.preflight) {
                async let onServers = databases.preflight(context)
                async let onPoolers = adapters.poolers.preflight(reference, plan: plan, mayBeStaged: record?.phase == .awaitingCutover)
                let sessions = Self.looksAround(visit) ? await databases.clientSessions(context) : nil
                let onWorkloads = await adapters.workloads.preflight(reference, plan: plan, sessions: sessions)
                let before = source.unreadLogins + target.unreadLogins
                observation.preflight = await .value(before + onServers + roles.problems + onWorkloads.problems + onPoolers)
                if let around = onWorkloads.warnings {
                    observation.warnings = await around + roles.warnings + databases.preflightWarnings(context)
                }
            }
            if facts.contains(.leftovers) {
                (observation.leftovers, observation.seenLeftovers) = await leftovers(visit) { await databases.hasArtefacts(context, side: $0) }
            }
            observation.source = await sourceState
            let seen = await targetState
            // Without knowing who logs in, nobody can say that the target is prepared.
            observation.target = roles.problems.isEmpty ? seen : .unknown(roles.problems.map(\.message).joined(separator: "; "))
            observation.forward = await forward
            observation.reverse = await reverse
            observation.measurements = await sessions
            observation.progress = await progress.value ?? []
            return (observation, context)
        }
    }

    /// Whoever uses the source unselected is looked for when preflight is passed and when the pause is about to begin: it takes many a list.
    private static func looksAround(_ visit: VisitContext) -> Bool {
        visit.record?.phase != .awaitingCutover || (visit.desired.intent.goal.asksForCutover && visit.record?.held == nil)
    }

    /// What clean-up must remove, each side by itself. Servers that no phase has touched are not asked: an unreachable one must not hold the
    /// deletion of an object that never began.
    private func leftovers(
        _ visit: VisitContext, hasArtefacts: @Sendable (Side) async -> Fact<Bool>
    ) async -> (all: Fact<Set<Leftover>>, seen: Set<Leftover>) {
        let untouched: Set<Phase> = [.pending, .preflight, .rollingBack, .rolledBack]
        var left: Set<Leftover> = []
        switch await adapters.secrets.hasOriginals(visit.reference) {
        case .unknown(let why): return (.unknown(why), [])
        case .value(let any): if any { left.insert(.originals) }
        }
        guard let record = visit.record, record.timeline.contains(where: { !untouched.contains($0.phase) }) else { return (.value(left), left) }
        async let onSource = hasArtefacts(.source)
        async let onTarget = hasArtefacts(.target)
        let (source, target) = await (onSource, onTarget)
        if source.value == true { left.insert(.sourceArtefacts) }
        if target.value == true { left.insert(.targetArtefacts) }
        return ((source.whyUnknown ?? target.whyUnknown).map { .unknown($0) } ?? .value(left), left)
    }
}

extension FactKind {
    /// Facts that need a plan and a look outside of the controller.
    fileprivate static let observable: Set<FactKind> = Set(allCases).subtracting([.conflictingOwner, .window])
}
