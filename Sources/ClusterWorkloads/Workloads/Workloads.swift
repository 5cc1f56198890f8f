public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts
import StructuredData

/// The workloads that read the connection strings: restarting them, and how far that has come.
public struct Workloads: WorkloadsPort {
    let client: KubernetesClient

    public init(client: KubernetesClient) { self.client = client }

    public func preflight(_ migration: MigrationReference, plan: Plan, sessions: [ClientSession]?) async -> WorkloadFindings {
        do {
            let lister = lister(migration)
            var all: [Workload] = []
            for kind in Plan.WorkloadSelection.Kind.allCases where sessions != nil || plan.cutover.workloadKinds.contains(kind) {
                all += try await lister.workloads(kind)
            }
            let problems = WorkloadPreflight(plan: plan, workloads: all).problems
            guard let sessions else { return WorkloadFindings(problems: problems) }
            return WorkloadFindings(problems: problems, warnings: try await warnings(migration, plan, all, sessions))
        } catch {
            return WorkloadFindings(problems: [PreflightProblem(reading: "the workloads of spec.cutover.workloads", error)])
        }
    }

    private func warnings(
        _ migration: MigrationReference, _ plan: Plan, _ workloads: [Workload], _ sessions: [ClientSession]
    ) async throws(KubernetesError) -> [PreflightProblem] {
        let pods = try await client.list(Pod.self, namespace: migration.namespace).items
        let census = WorkloadCensus(plan: plan, workloads: workloads, pods: pods)
        var origins = SessionOrigins(census: census, sessions: sessions)
        origins.poolers = try await poolerHosts(migration, plan)
        let warnings = census.unselected + origins.warnings
        guard plan.cutover.workloads.contains(where: \.scaleToZero) else { return warnings }
        let rest = RestAssessment(selections: plan.cutover.workloads, uid: migration.uid, workloads: workloads)
        return warnings + (try await lister(migration).autoscalers().compactMap { $0.warning(about: rest.toScale) })
    }

    private func poolerHosts(_ migration: MigrationReference, _ plan: Plan) async throws(KubernetesError) -> Set<String> {
        var hosts: Set<String> = []
        for pooler in plan.cutover.poolers ?? [] {
            switch pooler.consoles {
            case .addresses(let consoles): hosts.formUnion(consoles.map(\.host))
            case .service(let name, _):
                let endpoints = try await client.find(Endpoints.self, name, namespace: migration.namespace)
                for subset in endpoints?.subsets ?? [] {
                    hosts.formUnion(((subset.addresses ?? []) + (subset.notReadyAddresses ?? [])).map(\.ip))
                }
            }
        }
        return hosts
    }

    public func observe(_ migration: MigrationReference, plan: Plan) async -> Fact<WorkloadsState> {
        do {
            let lister = lister(migration)
            let selected = try await lister.selected(plan)
            guard !selected.isEmpty || !plan.cutover.workloadKinds.contains(where: \.restarts) else {
                return .unknown("nothing matches spec.cutover.workloads any more")
            }
            var groups: [Int: [RolloutAssessment]] = [:]
            for (order, workload) in selected { groups[order, default: []].append(try await lister.assess(workload)) }
            return .value(WorkloadsState(groups: groups.sorted { $0.key < $1.key }.map(RolloutAssessment.group)))
        } catch {
            return .unknown("\(error)")
        }
    }

    public func restart(_ migration: MigrationReference, plan: Plan, tag: String, order: Int) async throws {
        let patch = RestartPatch(tag: tag, uid: migration.uid)
        let selected = try await lister(migration).selected(plan)
        try await forEach(selected.filter { $0.order == order }.map(\.workload).filter(patch.isNeeded)) { workload in
            _ = try await client.patch(workload.resource, workload.name, namespace: migration.namespace, .merge(patch.document(workload)))
        }
    }

    func lister(_ migration: MigrationReference) -> WorkloadLister { WorkloadLister(client: client, namespace: migration.namespace) }
}

extension Workloads {
    /// The pods of all workloads that restart, each once, by name.
    func pods(_ migration: MigrationReference, _ plan: Plan) async throws -> [Pod] {
        var result: [String: Pod] = [:]
        for (_, workload) in try await lister(migration).selected(plan) {
            let labels = workload.selector?.query
            for pod in try await client.list(Pod.self, namespace: migration.namespace, labels: labels).items { result[pod.name] = pod }
        }
        return result.values.sorted { $0.name < $1.name }
    }
}

/// A change of the pod template that does nothing but make new pods; replicas that rested over the write pause come back with it.
struct RestartPatch: Sendable {
    var tag: String
    /// The migration's.
    var uid: String

    /// A workload that has the tag is left alone, so that performing a restart twice restarts once.
    func isNeeded(_ workload: Workload) -> Bool { workload.tag != tag }

    func document(_ workload: Workload) -> JSONValue {
        var document = RestPatch(uid: uid).back(workload) ?? [:]
        var spec = document["spec"] ?? [:]
        spec["template"] = ["metadata": ["annotations": .object([ClusterNames.restartedFor: .string(tag)])]]
        document["spec"] = spec
        return document
    }
}

extension Plan.Cutover {
    /// Every kind that some selection asks for, in a fixed order.
    var workloadKinds: [Plan.WorkloadSelection.Kind] {
        Plan.WorkloadSelection.Kind.allCases.filter { kind in workloads.contains { $0.kinds.contains(kind) } }
    }
}
