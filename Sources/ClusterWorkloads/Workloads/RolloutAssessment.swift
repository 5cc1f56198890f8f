import KubernetesModel
import MigrationCore

/// How far one workload has come, by the rules of `kubectl rollout status`, and stricter: no pod from before the restart may still run,
/// because it holds the old connection string. Pure.
struct RolloutAssessment: Sendable {
    /// So many restarts of a new pod mean that it will not come up by itself.
    static let hopelessRestarts = 3

    var workload: Workload
    /// Of a Deployment: those which its selector matches; others' are ignored.
    var replicaSets: [ReplicaSet] = []
    /// Those which the workload's selector matches; others' are ignored.
    var pods: [Pod]
    /// What the cluster said when it refused to make a pod, the newest last.
    var refusals: [String] = []

    var rollout: WorkloadsState.Rollout {
        let (title, counts) = (workload.title, workload.counts)
        if workload.observedGeneration < workload.metadata.generation ?? 0 {
            return .progressing("\(title): the cluster has not seen the change yet")
        }
        if let message = failure { return .failed("\(title): \(message)") }
        if let obstacle = workload.obstacle { return .progressing("\(title) \(obstacle)") }
        if counts.updated < counts.wanted { return .progressing("\(title): \(counts.updated) of \(counts.wanted) replicas updated\(troubleSuffix)") }
        if counts.all > counts.updated { return .progressing("\(title): \(counts.all - counts.updated) old replicas still run\(troubleSuffix)") }
        if counts.available < counts.updated {
            return .progressing("\(title): \(counts.available) of \(counts.updated) updated replicas available\(troubleSuffix)")
        }
        if let old = oldPods.first { return .progressing("\(title): pod \(old.name) from before the restart has not ended") }
        return .complete
    }

    var replicas: WorkloadsState.Replicas {
        WorkloadsState.Replicas(
            workload: workload.title, wanted: workload.counts.wanted, available: workload.counts.available,
            restarts: newPods.map { PodTrouble($0).restarts }.reduce(0, +))
    }

    /// Why time will not mend it.
    private var failure: String? {
        if let progressing = workload.conditions["Progressing"], progressing.status == "False", progressing.reason == "ProgressDeadlineExceeded" {
            return "ProgressDeadlineExceeded: \(progressing.message ?? "the rollout made no progress")\(troubleSuffix)"
        }
        return newPods.lazy.compactMap { PodTrouble($0).crashLoop(after: Self.hopelessRestarts) }.first
    }

    private var troubleSuffix: String {
        let trouble = newPods.lazy.compactMap { PodTrouble($0).message }.first ?? refusal ?? blockedBy
        return trouble.map { "; \($0)" } ?? ""
    }

    /// What keeps pods from being made at all, such as a quota.
    private var refusal: String? {
        if let failure = workload.conditions["ReplicaFailure"], failure.isTrue {
            return "no pod can be made: \(PodTrouble.quote(failure.message ?? failure.reason ?? "no reason given"))"
        }
        guard lacksPods, let last = refusals.last else { return nil }
        return "no pod can be made: \(PodTrouble.quote(last))"
    }

    /// A StatefulSet replaces no pod while another one is not ready, not even by one that would be.
    private var blockedBy: String? {
        guard workload.kind == .statefulSet, let pod = oldPods.first(where: { !$0.isBeingDeleted && PodTrouble($0).message != nil }) else {
            return nil
        }
        return "\(PodTrouble(pod).message ?? ""), for which the StatefulSet waits before it replaces another; kubectl delete pod \(pod.name)"
    }
}

extension RolloutAssessment {
    /// By the pods themselves: a StatefulSet's controller that fails to make one leaves its status as it was.
    var lacksPods: Bool { ownPods.count < workload.counts.wanted }

    /// Those that have not ended.
    var ownPods: [Pod] {
        var owners = Set([workload.metadata.uid].compactMap(\.self))
        if workload.kind == .deployment {
            owners = Set(replicaSets.filter { set in set.metadata.ownerReferences?.contains { owners.contains($0.uid) } ?? false }.compactMap(\.uid))
        }
        return pods.filter { pod in
            let isOver = pod.status?.phase == "Succeeded" || pod.status?.phase == "Failed"
            return !isOver && pod.metadata.ownerReferences?.contains { owners.contains($0.uid) } ?? false
        }
    }

    /// Pods carry the annotations of the template they were made from.
    private func isNew(_ pod: Pod) -> Bool { pod.metadata.annotations?[ClusterNames.restartedFor] == workload.tag }

    private var newPods: [Pod] { ownPods.filter { isNew($0) && !$0.isBeingDeleted } }

    /// Pods being deleted count too: until they are gone they may hold sessions.
    private var oldPods: [Pod] { ownPods.filter { !isNew($0) } }
}

extension RolloutAssessment {
    /// At most this many workloads are named in a message.
    static let namedLimit = 3

    /// The workloads of one order together: the worst one decides.
    static func group(_ order: Int, _ assessments: [RolloutAssessment]) -> WorkloadsState.Group {
        let tag = assessments.first?.workload.tag
        var (failed, progressing): ([String], [String]) = ([], [])
        for assessment in assessments {
            switch assessment.rollout {
            case .failed(let message): failed.append(message)
            case .progressing(let message): progressing.append(message)
            case .complete: break
            }
        }
        let rollout: WorkloadsState.Rollout =
            !failed.isEmpty ? .failed(summary(failed)) : progressing.isEmpty ? .complete : .progressing(summary(progressing))
        return .init(
            order: order, tag: assessments.allSatisfy { $0.workload.tag == tag } ? tag : nil, rollout: rollout,
            replicas: assessments.map(\.replicas))
    }

    private static func summary(_ messages: [String]) -> String {
        let rest = messages.count - namedLimit
        return messages.prefix(namedLimit).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
    }
}
