import KubernetesModel
import MigrationCore
import StructuredData
import Testing

@testable import ClusterWorkloads

@Suite("Rollout status of Deployments")
struct RolloutAssessmentTests {
    /// One Deployment in a state that `kubectl rollout status` would have an opinion on.
    struct World {
        var wanted: Int? = 2
        var generation: Int64 = 2
        var observed: Int64? = 2
        var replicas: Int? = 2
        var updated: Int? = 2
        var available: Int? = 2
        var progressing: Condition?
        var paused: Bool?
        var newPods: [Pod] = []
        var oldPods: [Pod] = []

        var assessment: RolloutAssessment {
            let deployment = Deployment(
                metadata: ObjectMeta(name: "web", uid: "d", generation: generation, annotations: ["deployment.kubernetes.io/revision": "2"]),
                spec: DeploymentSpec(
                    replicas: wanted, template: PodTemplateSpec(metadata: ObjectMeta(annotations: [ClusterNames.restartedFor: "tag"])), paused: paused
                ),
                status: DeploymentStatus(
                    observedGeneration: observed, replicas: replicas, updatedReplicas: updated, availableReplicas: available,
                    conditions: progressing.map { [$0] }))
            return RolloutAssessment(
                deployment: deployment, replicaSets: [set("old", revision: "1"), set("new", revision: "2")],
                pods: newPods.map { owned($0, by: "new") } + oldPods.map { owned($0, by: "old") } + [
                    owned(Pod(metadata: ObjectMeta(name: "alien")), by: "x")
                ])
        }

        private func set(_ uid: String, revision: String) -> ReplicaSet {
            ReplicaSet(
                metadata: ObjectMeta(
                    name: uid, uid: uid, annotations: ["deployment.kubernetes.io/revision": revision],
                    ownerReferences: [OwnerReference(apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "d")]))
        }

        private func owned(_ pod: Pod, by uid: String) -> Pod {
            var pod = pod
            pod.metadata.ownerReferences = [OwnerReference(apiVersion: "apps/v1", kind: "ReplicaSet", name: uid, uid: uid)]
            return pod
        }
    }

    private func rollout(_ change: (inout World) -> Void) -> WorkloadsState.Rollout {
        var world = World()
        change(&world)
        return world.assessment.rollout
    }

    @Test("complete: all replicas updated and available, nothing of the old revision left")
    func complete() {
        #expect(rollout { _ in } == .complete)
        #expect(rollout { $0.newPods = [pod("n1")] } == .complete)
        #expect(rollout { $0.oldPods = [pod("o1", phase: "Failed")] } == .complete)
    }

    @Test("scaled to zero is complete, also when the API leaves the zeros out")
    func scaledToZero() {
        #expect(rollout { ($0.wanted, $0.replicas, $0.updated, $0.available) = (0, nil, nil, nil) } == .complete)
    }

    @Test("every rule of kubectl waits with its own words")
    func progressing() {
        #expect(rollout { $0.generation = 3 } == .progressing("Deployment web: the cluster has not seen the change yet"))
        #expect(rollout { $0.observed = nil } == .progressing("Deployment web: the cluster has not seen the change yet"))
        #expect(rollout { $0.updated = 1 } == .progressing("Deployment web: 1 of 2 replicas updated"))
        #expect(rollout { $0.replicas = 3 } == .progressing("Deployment web: 1 old replicas still run"))
        #expect(rollout { $0.available = 1 } == .progressing("Deployment web: 1 of 2 updated replicas available"))
        #expect(
            rollout { ($0.wanted, $0.replicas, $0.updated, $0.available) = (nil, nil, nil, nil) }
                == .progressing("Deployment web: 0 of 1 replicas updated"))
        #expect(rollout { $0.paused = true } == .progressing("Deployment web is paused; kubectl rollout resume deployment/web"))
    }

    @Test("a pod of the old revision that still terminates holds the rollout: it has the old connection string")
    func oldPods() {
        #expect(
            rollout { $0.oldPods = [pod("o1", deleted: true)] }
                == .progressing("Deployment web: pod o1 of the revision before has not ended"))
    }

    @Test("the pod's own reason is in the message")
    func podReason() {
        let waiting = pod("n1", state: ContainerState(waiting: ContainerWaiting(reason: "ImagePullBackOff", message: "Back-off pulling image \"x\"")))
        #expect(
            rollout { ($0.available, $0.newPods) = (1, [waiting]) }
                == .progressing(
                    "Deployment web: 1 of 2 updated replicas available; pod n1: container app waits in ImagePullBackOff: Back-off pulling image \"x\""
                ))
        let unready = pod("n1", ready: false, state: ContainerState(running: ContainerRunning()))
        #expect(
            rollout { ($0.available, $0.newPods) = (1, [unready]) }
                == .progressing("Deployment web: 1 of 2 updated replicas available; pod n1: container app runs but is not ready"))
    }

    @Test("the deadline fails it, but not one of an earlier generation")
    func deadline() {
        let exceeded = Condition(type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "timed out progressing")
        #expect(
            rollout { ($0.available, $0.progressing) = (1, exceeded) }
                == .failed("Deployment web: ProgressDeadlineExceeded: timed out progressing"))
        #expect(
            rollout { ($0.generation, $0.progressing) = (3, exceeded) }
                == .progressing("Deployment web: the cluster has not seen the change yet"))
    }

    @Test("a new pod that crashes three times fails it; fewer, or an old pod's, do not", arguments: [(0, false), (2, false), (3, true), (9, true)])
    func crashLoop(restarts: Int, fails: Bool) {
        let crashing = pod("p", ready: false, restarts: restarts, state: ContainerState(waiting: ContainerWaiting(reason: "CrashLoopBackOff")))
        if case .failed(let message) = rollout({ ($0.available, $0.newPods) = (1, [crashing]) }) {
            #expect(fails && message.contains("CrashLoopBackOff") && message.contains("kubectl logs --previous p"))
        } else {
            #expect(!fails)
        }
        guard case .progressing = rollout({ $0.oldPods = [crashing] }) else { Issue.record("an old pod decided"); return }
    }

    @Test("many restarts of a pod that runs now are history")
    func recovered() {
        #expect(rollout { $0.newPods = [pod("p", ready: true, restarts: 40, state: ContainerState(running: ContainerRunning()))] } == .complete)
    }

    @Test("of several Deployments the worst one decides, and a tag counts only when all have it")
    func combine() {
        var stuck = World()
        stuck.progressing = Condition(type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded")
        var slow = World()
        slow.updated = 0
        let good = World().assessment
        var untagged = good
        untagged.deployment.spec?.template = nil
        #expect(RolloutAssessment.combine([]) == nil)
        #expect(RolloutAssessment.combine([good, good]) == WorkloadsState(tag: "tag", rollout: .complete))
        #expect(RolloutAssessment.combine([good, untagged]) == WorkloadsState(tag: nil, rollout: .complete))
        #expect(RolloutAssessment.combine([good, slow.assessment])?.rollout == .progressing("Deployment web: 0 of 2 replicas updated"))
        guard case .failed = RolloutAssessment.combine([slow.assessment, stuck.assessment])?.rollout else {
            Issue.record("failure was hidden"); return
        }
    }
}

@Suite("Restarts and the choice of workloads")
struct WorkloadSelectionTests {
    private func deployment(_ name: String, _ labels: [String: String], tag: String? = nil, paused: Bool? = nil) -> Deployment {
        Deployment(
            metadata: ObjectMeta(name: name, labels: labels),
            spec: DeploymentSpec(
                template: PodTemplateSpec(metadata: ObjectMeta(annotations: tag.map { [ClusterNames.restartedFor: $0] })), paused: paused))
    }

    @Test("a restart changes one annotation, and only where it is missing")
    func restart() {
        let patch = RestartPatch(tag: "u.1.forward")
        #expect(patch.isNeeded(deployment("web", [:])))
        #expect(patch.isNeeded(deployment("web", [:], tag: "u.1.back")))
        #expect(!patch.isNeeded(deployment("web", [:], tag: "u.1.forward")))
        #expect(
            patch.document == ["spec": ["template": ["metadata": ["annotations": ["migrations.mystira.app/restarted-for": "u.1.forward"]]]]])
    }

    @Test("a selector that matches nothing is named, with the labels there are")
    func nothingSelected() {
        let plan = Fixtures.plan(workloads: [["app": "mys"], ["app": "none", "tier": "web"]])
        let problems = WorkloadPreflight(plan: plan, deployments: [deployment("web", ["app": "mys", "x": "y"])]).problems
        #expect(problems.map(\.reason) == [.noWorkloadSelected])
        #expect(problems.first?.message.contains("app=none,tier=web") == true)
        #expect(problems.first?.message.contains("web (app=mys,x=y)") == true)
        #expect(WorkloadPreflight(plan: plan, deployments: []).problems.count == 2)
    }

    @Test("a paused Deployment would never restart")
    func paused() {
        let problems = WorkloadPreflight(plan: Fixtures.plan(), deployments: [deployment("web", ["app": "mys"], paused: true)]).problems
        #expect(problems.map(\.reason) == [.unsupportedObject])
        #expect(problems.first?.message.contains("kubectl rollout resume deployment/web") == true)
    }
}

func pod(
    _ name: String, ready: Bool = true, restarts: Int = 0, phase: String = "Running", deleted: Bool = false,
    state: ContainerState = ContainerState(running: ContainerRunning())
) -> Pod {
    Pod(
        metadata: ObjectMeta(name: name, deletionTimestamp: deleted ? Time(secondsSince1970: 1) : nil),
        status: PodStatus(phase: phase, containerStatuses: [ContainerStatus(name: "app", state: state, ready: ready, restartCount: restarts)]))
}
