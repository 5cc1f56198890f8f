import KubernetesModel
import MigrationCore

/// How far one Deployment has come, by the rules of `kubectl rollout status`, and stricter: no pod of an earlier revision may still run,
/// because it holds the old connection string. Pure.
struct RolloutAssessment: Sendable {
    /// So many restarts of a new pod mean that it will not come up by itself.
    static let hopelessRestarts = 3

    var deployment: Deployment
    /// Those which the Deployment's selector matches; others' are ignored.
    var replicaSets: [ReplicaSet]
    var pods: [Pod]

    var tag: String? { deployment.spec?.template?.metadata?.annotations?[ClusterNames.restartedFor] }

    var rollout: WorkloadsState.Rollout {
        let name = "Deployment \(deployment.name)"
        let (spec, status) = (deployment.spec, deployment.status)
        let wanted = spec?.replicas ?? 1
        if (status?.observedGeneration ?? 0) < (deployment.metadata.generation ?? 0) {
            return .progressing("\(name): the cluster has not seen the change yet")
        }
        if let message = failure { return .failed("\(name): \(message)") }
        if spec?.paused == true { return .progressing("\(name) is paused; kubectl rollout resume deployment/\(deployment.name)") }
        let updated = status?.updatedReplicas ?? 0
        if updated < wanted { return .progressing("\(name): \(updated) of \(wanted) replicas updated\(troubleSuffix)") }
        let all = status?.replicas ?? 0
        if all > updated { return .progressing("\(name): \(all - updated) old replicas still run\(troubleSuffix)") }
        let available = status?.availableReplicas ?? 0
        if available < updated { return .progressing("\(name): \(available) of \(updated) updated replicas available\(troubleSuffix)") }
        if let old = oldPods.first { return .progressing("\(name): pod \(old.name) of the revision before has not ended") }
        return .complete
    }

    /// Why time will not mend it.
    private var failure: String? {
        if let progressing = deployment.status?.conditions?.first(where: { $0.type == "Progressing" }), progressing.status == "False",
            progressing.reason == "ProgressDeadlineExceeded"
        {
            return "ProgressDeadlineExceeded: \(progressing.message ?? "the rollout made no progress")\(troubleSuffix)"
        }
        return newPods.lazy.compactMap { PodTrouble($0).crashLoop(after: Self.hopelessRestarts) }.first
    }

    private var troubleSuffix: String {
        newPods.lazy.compactMap { PodTrouble($0).message }.first.map { "; \($0)" } ?? ""
    }
}

extension RolloutAssessment {
    private static let revision = "deployment.kubernetes.io/revision"

    private var ownReplicaSets: [ReplicaSet] {
        replicaSets.filter { set in set.metadata.ownerReferences?.contains { $0.uid == deployment.uid } ?? false }
    }

    private func pods(of sets: [ReplicaSet]) -> [Pod] {
        let owners = Set(sets.compactMap(\.uid))
        return pods.filter { pod in
            let isOver = pod.status?.phase == "Succeeded" || pod.status?.phase == "Failed"
            return !isOver && pod.metadata.ownerReferences?.contains { owners.contains($0.uid) } ?? false
        }
    }

    private func isNew(_ set: ReplicaSet) -> Bool {
        set.metadata.annotations?[Self.revision] == deployment.metadata.annotations?[Self.revision]
    }

    private var newPods: [Pod] { pods(of: ownReplicaSets.filter(isNew)).filter { !$0.isBeingDeleted } }

    /// Pods being deleted count too: until they are gone they may hold sessions.
    private var oldPods: [Pod] { pods(of: ownReplicaSets.filter { !isNew($0) }) }
}

extension RolloutAssessment {
    /// At most this many Deployments are named in a message.
    static let namedLimit = 3

    /// All selected workloads together: the worst one decides. `nil` when there are none.
    static func combine(_ assessments: [RolloutAssessment]) -> WorkloadsState? {
        guard let first = assessments.first else { return nil }
        let tag = assessments.allSatisfy { $0.tag == first.tag } ? first.tag : nil
        var (failed, progressing): ([String], [String]) = ([], [])
        for assessment in assessments {
            switch assessment.rollout {
            case .failed(let message): failed.append(message)
            case .progressing(let message): progressing.append(message)
            case .complete: break
            }
        }
        if !failed.isEmpty { return WorkloadsState(tag: tag, rollout: .failed(summary(failed))) }
        return WorkloadsState(tag: tag, rollout: progressing.isEmpty ? .complete : .progressing(summary(progressing)))
    }

    private static func summary(_ messages: [String]) -> String {
        let rest = messages.count - namedLimit
        return messages.prefix(namedLimit).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }
}
