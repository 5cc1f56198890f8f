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
                workload: Workload(deployment), replicaSets: [set("old", revision: "1"), set("new", revision: "2")],
                pods: newPods.map { owned($0, by: "new", tag: "tag") } + oldPods.map { owned($0, by: "old", tag: nil) } + [
                    owned(Pod(metadata: ObjectMeta(name: "alien")), by: "x", tag: nil)
                ])
        }

        private func set(_ uid: String, revision: String) -> ReplicaSet {
            ReplicaSet(
                metadata: ObjectMeta(
                    name: uid, uid: uid, annotations: ["deployment.kubernetes.io/revision": revision],
                    ownerReferences: [OwnerReference(apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "d")]))
        }

        private func owned(_ pod: Pod, by uid: String, tag: String?) -> Pod {
            var pod = pod
            pod.metadata.annotations = tag.map { [ClusterNames.restartedFor: $0] }
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

    @Test("replicas are told with the restarts of the new pods, those of a pod on its way out aside")
    func replicas() {
        var world = World()
        world.available = 1
        world.newPods = [pod("n1", restarts: 2), pod("n2", restarts: 1), pod("n3", restarts: 9, deleted: true)]
        world.oldPods = [pod("o1", restarts: 7)]
        #expect(world.assessment.replicas == .init(workload: "Deployment web", wanted: 2, available: 1, restarts: 3))
        #expect(RolloutAssessment.group(0, [world.assessment, world.assessment]).replicas.count == 2)
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
                == .progressing("Deployment web: pod o1 from before the restart has not ended"))
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
        untagged.workload.template = nil
        let replicas = [good.replicas, good.replicas]
        #expect(RolloutAssessment.group(3, [good, good]) == .init(order: 3, tag: "tag", rollout: .complete, replicas: replicas))
        #expect(RolloutAssessment.group(0, [good, untagged]).tag == nil)
        #expect(RolloutAssessment.group(0, [good, slow.assessment]).rollout == .progressing("Deployment web: 0 of 2 replicas updated"))
        guard case .failed = RolloutAssessment.group(0, [slow.assessment, stuck.assessment]).rollout else {
            Issue.record("failure was hidden"); return
        }
    }
}

@Suite("Rollout status of StatefulSets and DaemonSets")
struct OtherKindsTests {
    private func set(_ change: (inout StatefulSet) -> Void = { _ in }, pods: [Pod] = [], refusals: [String] = []) -> RolloutAssessment {
        var set = StatefulSet(
            metadata: ObjectMeta(name: "queue", uid: "s", generation: 2),
            spec: StatefulSetSpec(replicas: 2, template: PodTemplateSpec(metadata: ObjectMeta(annotations: [ClusterNames.restartedFor: "tag"]))),
            status: StatefulSetStatus(
                observedGeneration: 2, replicas: 2, readyReplicas: 2, currentReplicas: 2, updatedReplicas: 2, currentRevision: "b",
                updateRevision: "b"))
        change(&set)
        return RolloutAssessment(workload: Workload(set), pods: pods.map { owned($0, by: "s") }, refusals: refusals)
    }

    /// While the rollout goes on, or a pod is missing.
    private func set(updated: Int, all: Int = 2, pods: [Pod] = [], refusals: [String] = []) -> RolloutAssessment {
        let status = StatefulSetStatus(
            observedGeneration: 2, replicas: all, readyReplicas: all, updatedReplicas: updated, currentRevision: "a", updateRevision: "b")
        return set({ $0.status = status }, pods: pods, refusals: refusals)
    }

    private func owned(_ pod: Pod, by uid: String) -> Pod {
        var pod = pod
        pod.metadata.ownerReferences = [OwnerReference(apiVersion: "apps/v1", kind: "StatefulSet", name: "queue", uid: uid)]
        return pod
    }

    @Test("a StatefulSet is complete when both revisions are one and every pod is ready, whatever it counts as updated")
    func complete() {
        #expect(set().rollout == .complete)
        #expect(set { $0.status?.updatedReplicas = nil }.rollout == .complete)
        #expect(
            set {
                $0.spec?.replicas = 0
                $0.status = StatefulSetStatus(observedGeneration: 2)
            }.rollout == .complete)
    }

    @Test("and waits in its own words")
    func progressing() {
        #expect(set { $0.metadata.generation = 3 }.rollout == .progressing("StatefulSet queue: the cluster has not seen the change yet"))
        #expect(
            set(updated: 1).rollout == .progressing("StatefulSet queue: 1 of 2 replicas updated"))
        #expect(set { $0.status?.readyReplicas = 1 }.rollout == .progressing("StatefulSet queue: 1 of 2 updated replicas available"))
        #expect(
            set(pods: [pod("queue-0", deleted: true)]).rollout == .progressing("StatefulSet queue: pod queue-0 from before the restart has not ended")
        )
    }

    @Test("an old pod that is not ready blocks a StatefulSet for ever, and the message has the way out")
    func blocked() {
        let unready = pod("queue-1", ready: false)
        let state = set(updated: 0, pods: [unready]).rollout
        guard case .progressing(let message) = state else { Issue.record("\(state)"); return }
        #expect(message.contains("container app runs but is not ready") && message.contains("kubectl delete pod queue-1"))
    }

    @Test("the cluster's refusal to make a pod is quoted while one is missing, and forgotten when none is")
    func refused() {
        let quota = "create Pod queue-1 in StatefulSet queue failed: pods \"queue-1\" is forbidden: exceeded quota: pods"
        let state = set(updated: 1, all: 1, refusals: [quota]).rollout
        guard case .progressing(let message) = state else { Issue.record("\(state)"); return }
        #expect(message.contains("1 of 2 replicas updated; no pod can be made: ") && message.contains("exceeded quota"))
        #expect(set(refusals: [quota]).rollout == .complete)
    }

    @Test("a DaemonSet counts nodes")
    func daemonSet() {
        func rollout(updated: Int, available: Int) -> WorkloadsState.Rollout {
            let set = DaemonSet(
                metadata: ObjectMeta(name: "agent", uid: "s", generation: 2), spec: DaemonSetSpec(template: PodTemplateSpec()),
                status: DaemonSetStatus(
                    observedGeneration: 2, currentNumberScheduled: 3, desiredNumberScheduled: 3, updatedNumberScheduled: updated,
                    numberAvailable: available))
            return RolloutAssessment(workload: Workload(set), pods: []).rollout
        }
        #expect(rollout(updated: 3, available: 3) == .complete)
        #expect(rollout(updated: 1, available: 3) == .progressing("DaemonSet agent: 1 of 3 replicas updated"))
        #expect(rollout(updated: 3, available: 2) == .progressing("DaemonSet agent: 2 of 3 updated replicas available"))
    }

    @Test("a quota that a Deployment meets is in its own condition")
    func replicaFailure() {
        let deployment = Deployment(
            metadata: ObjectMeta(name: "web", uid: "d", generation: 1), spec: DeploymentSpec(replicas: 2),
            status: DeploymentStatus(
                observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1,
                conditions: [Condition(type: "ReplicaFailure", status: "True", reason: "FailedCreate", message: "exceeded quota: pods")]))
        #expect(
            RolloutAssessment(workload: Workload(deployment), pods: []).rollout
                == .progressing("Deployment web: 1 of 2 replicas updated; no pod can be made: exceeded quota: pods"))
    }
}

@Suite("Restarts and the choice of workloads")
struct WorkloadSelectionTests {
    private func deployment(_ name: String, _ labels: [String: String], tag: String? = nil, paused: Bool? = nil) -> Workload {
        Workload(
            Deployment(
                metadata: ObjectMeta(name: name, labels: labels),
                spec: DeploymentSpec(
                    template: PodTemplateSpec(metadata: ObjectMeta(annotations: tag.map { [ClusterNames.restartedFor: $0] })), paused: paused)))
    }

    @Test("a restart changes one annotation, and only where it is missing")
    func restart() {
        let patch = RestartPatch(tag: "u.1.forward", uid: "u")
        #expect(patch.isNeeded(deployment("web", [:])))
        #expect(patch.isNeeded(deployment("web", [:], tag: "u.1.back")))
        #expect(!patch.isNeeded(deployment("web", [:], tag: "u.1.forward")))
        #expect(
            patch.document(deployment("web", [:])) == [
                "spec": ["template": ["metadata": ["annotations": ["migrations.mystira.app/restarted-for": "u.1.forward"]]]]
            ])
    }

    @Test("a selector that matches nothing is named, with the labels there are")
    func nothingSelected() {
        let plan = Fixtures.plan(workloads: [["app": "mys"], ["app": "none", "tier": "web"]])
        let problems = WorkloadPreflight(plan: plan, workloads: [deployment("web", ["app": "mys", "x": "y"])]).problems
        #expect(problems.map(\.reason) == [.noWorkloadSelected])
        #expect(problems.first?.message.contains("no Deployment or StatefulSet in this namespace has the labels app=none,tier=web") == true)
        #expect(problems.first?.message.contains("web (app=mys,x=y)") == true)
        #expect(WorkloadPreflight(plan: plan, workloads: []).problems.count == 2)
    }

    @Test("a kind that was not asked for does not count")
    func otherKind() {
        var plan = Fixtures.plan()
        plan.cutover.workloads[0].kinds = [.daemonSet]
        #expect(WorkloadPreflight(plan: plan, workloads: [deployment("web", ["app": "mys"])]).problems.map(\.reason) == [.noWorkloadSelected])
    }

    @Test("what would never restart is refused, with the command that mends it")
    func obstacles() {
        let labels = ["app": "mys"]
        func problem(_ workload: Workload) -> String {
            let problems = WorkloadPreflight(plan: Fixtures.plan(), workloads: [workload]).problems
            #expect(problems.map(\.reason) == [.unsupportedObject])
            return problems.first?.message ?? ""
        }
        func set(_ strategy: UpdateStrategy) -> Workload {
            Workload(StatefulSet(metadata: ObjectMeta(name: "queue", labels: labels), spec: StatefulSetSpec(updateStrategy: strategy)))
        }
        #expect(problem(deployment("web", labels, paused: true)).contains("kubectl rollout resume deployment/web"))
        #expect(problem(set(UpdateStrategy(type: "OnDelete"))).contains("StatefulSet queue has updateStrategy OnDelete"))
        let partitioned = set(UpdateStrategy(type: "RollingUpdate", rollingUpdate: .init(partition: 1)))
        #expect(problem(partitioned).contains("kubectl patch statefulset/queue"))
        #expect(WorkloadPreflight(plan: Fixtures.plan(), workloads: [set(UpdateStrategy(type: "RollingUpdate"))]).problems.isEmpty)
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
