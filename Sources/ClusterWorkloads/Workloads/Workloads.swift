public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts
import StructuredData

/// The Deployments that read the connection strings: restarting them, and how far that has come.
public struct Workloads: WorkloadsPort {
    private let client: KubernetesClient

    public init(client: KubernetesClient) { self.client = client }

    public func preflight(_ migration: MigrationReference, plan: Plan) async -> [PreflightProblem] {
        do {
            let all = try await client.list(Deployment.self, namespace: migration.namespace).items
            return WorkloadPreflight(plan: plan, deployments: all).problems
        } catch {
            return [PreflightProblem(reading: "the Deployments of spec.cutover.workloads", error)]
        }
    }

    public func observe(_ migration: MigrationReference, plan: Plan) async -> Fact<WorkloadsState> {
        do {
            var assessments: [RolloutAssessment] = []
            for deployment in try await selected(migration, plan) {
                assessments.append(try await assess(deployment, migration))
            }
            return RolloutAssessment.combine(assessments).map(Fact.value) ?? .unknown("no Deployment matches spec.cutover.workloads any more")
        } catch {
            return .unknown("\(error)")
        }
    }

    public func restart(_ migration: MigrationReference, plan: Plan, tag: String) async throws {
        let patch = RestartPatch(tag: tag)
        try await forEach(try await selected(migration, plan).filter(patch.isNeeded)) { deployment in
            _ = try await client.patch(Deployment.self, deployment.name, namespace: migration.namespace, .merge(patch.document))
        }
    }
}

extension Workloads {
    /// Every Deployment that some selection matches, once, by name.
    private func selected(_ migration: MigrationReference, _ plan: Plan) async throws -> [Deployment] {
        var result: [String: Deployment] = [:]
        for selection in plan.cutover.workloads {
            let labels = LabelSelector(matchLabels: selection.matchLabels).query
            for deployment in try await client.list(Deployment.self, namespace: migration.namespace, labels: labels).items {
                result[deployment.name] = deployment
            }
        }
        return result.values.sorted { $0.name < $1.name }
    }

    private func assess(_ deployment: Deployment, _ migration: MigrationReference) async throws -> RolloutAssessment {
        let labels = deployment.spec?.selector?.query
        let sets = try await client.list(ReplicaSet.self, namespace: migration.namespace, labels: labels).items
        let pods = try await client.list(Pod.self, namespace: migration.namespace, labels: labels).items
        return RolloutAssessment(deployment: deployment, replicaSets: sets, pods: pods)
    }
}

/// A change of the pod template that does nothing but make new pods.
struct RestartPatch: Sendable {
    var tag: String

    /// A Deployment that has the tag is left alone, so that performing a restart twice restarts once.
    func isNeeded(_ deployment: Deployment) -> Bool {
        deployment.spec?.template?.metadata?.annotations?[ClusterNames.restartedFor] != tag
    }

    var document: JSONValue {
        ["spec": ["template": ["metadata": ["annotations": .object([ClusterNames.restartedFor: .string(tag)])]]]]
    }
}
