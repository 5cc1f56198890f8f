import KubernetesClient
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// Reads workloads of every kind, and what tells how they are.
struct WorkloadLister: Sendable {
    let client: KubernetesClient
    let namespace: String

    /// - Parameter labels: a selector; `nil` is all of the namespace.
    func workloads(_ kind: Plan.WorkloadSelection.Kind, labels: String? = nil) async throws(KubernetesError) -> [Workload] {
        switch kind {
        case .deployment: try await client.list(Deployment.self, namespace: namespace, labels: labels).items.map(Workload.init)
        case .statefulSet: try await client.list(StatefulSet.self, namespace: namespace, labels: labels).items.map(Workload.init)
        case .daemonSet: try await client.list(DaemonSet.self, namespace: namespace, labels: labels).items.map(Workload.init)
        case .cronJob: try await cronJobs(labels)
        // The migration's own are none of the applications'.
        case .job:
            try await client.list(Job.self, namespace: namespace, labels: labels).items
                .filter { $0.metadata.labels?[ClusterNames.managedBy] != ClusterNames.product }.map(Workload.init)
        }
    }

    private func cronJobs(_ labels: String?) async throws(KubernetesError) -> [Workload] {
        do {
            return try await client.list(CronJob.self, namespace: namespace, labels: labels).items.map { Workload($0, at: CronJob.resource) }
        } catch {
            guard error.kind == .notFound else { throw error }
            let former = CronJob.formerResource
            return try await client.list(CronJob.self, at: former, namespace: namespace, labels: labels).items.map { Workload($0, at: former) }
        }
    }

    /// None where the server knows of no such kind.
    func autoscalers() async throws(KubernetesError) -> [HorizontalPodAutoscaler] {
        do {
            return try await client.list(HorizontalPodAutoscaler.self, namespace: namespace).items
        } catch {
            guard error.kind == .notFound else { throw error }
            return []
        }
    }

    /// Every workload that restarts and that some selection matches, once and with the lowest of their orders; by order, kind and name.
    func selected(_ plan: Plan) async throws(KubernetesError) -> [(order: Int, workload: Workload)] {
        var found: [String: (order: Int, workload: Workload)] = [:]
        for selection in plan.cutover.workloads {
            let labels = LabelSelector(matchLabels: selection.matchLabels).query
            for kind in selection.kinds where kind.restarts {
                for workload in try await workloads(kind, labels: labels) {
                    found[workload.title] = (min(selection.order, found[workload.title]?.order ?? selection.order), workload)
                }
            }
        }
        return found.values.sorted { ($0.order, $0.workload.title) < ($1.order, $1.workload.title) }
    }

    func assess(_ workload: Workload) async throws(KubernetesError) -> RolloutAssessment {
        let labels = workload.selector?.query
        var assessment = RolloutAssessment(workload: workload, pods: try await client.list(Pod.self, namespace: namespace, labels: labels).items)
        if workload.kind == .deployment {
            assessment.replicaSets = try await client.list(ReplicaSet.self, namespace: namespace, labels: labels).items
        } else if assessment.lacksPods {
            // Only a Deployment has a condition that tells.
            assessment.refusals = try await refusals(of: workload)
        }
        return assessment
    }

    private func refusals(of workload: Workload) async throws(KubernetesError) -> [String] {
        let events = APIResource(group: "", version: "v1", plural: "events", kind: "Event")
        let fields = "involvedObject.uid=\(workload.metadata.uid ?? ""),reason=FailedCreate"
        return try await client.list(events, namespace: namespace, fields: fields).items.compactMap { $0["message"]?.string }
    }
}
