import KubernetesModel
import MigrationCore
import StructuredData
import Testing

@testable import ClusterWorkloads

@Suite("What rests over the write pause")
struct RestTests {
    private let patch = RestPatch(uid: "u")
    private static let labels = ["app": "mys"]

    private func cronJob(_ suspend: Bool?, _ annotations: [String: String] = [:]) -> Workload {
        Workload(
            CronJob(
                metadata: ObjectMeta(name: "nightly", uid: "c", labels: Self.labels, annotations: annotations), spec: CronJobSpec(suspend: suspend)),
            at: CronJob.formerResource)
    }

    private func deployment(_ replicas: Int?, _ annotations: [String: String] = [:], name: String = "web") -> Workload {
        Workload(
            Deployment(
                metadata: ObjectMeta(name: name, uid: name, labels: Self.labels, annotations: annotations), spec: DeploymentSpec(replicas: replicas)))
    }

    private func job(_ name: String, maker: String? = nil, labels: [String: String] = [:], over: String? = nil) -> Workload {
        let owners = maker.map { [OwnerReference(apiVersion: "batch/v1", kind: "CronJob", name: "nightly", uid: $0)] }
        return Workload(
            Job(
                metadata: ObjectMeta(name: name, labels: labels, ownerReferences: owners),
                status: JobStatus(active: 1, conditions: over.map { [Condition(type: $0, status: "True")] })))
    }

    private static func held(_ from: String, for uid: String = "u") -> [String: String] {
        [ClusterNames.restsFor: uid, ClusterNames.restsFrom: from]
    }

    private func annotations(_ from: JSONValue, for uid: JSONValue = "u") -> JSONValue {
        .object([ClusterNames.restsFor: uid, ClusterNames.restsFrom: from])
    }

    @Test("one change lets it rest and remembers what it was")
    func rests() {
        #expect(patch.rest(cronJob(nil)) == ["metadata": ["annotations": annotations("false")], "spec": ["suspend": true]])
        #expect(patch.rest(deployment(3)) == ["metadata": ["annotations": annotations("3")], "spec": ["replicas": 0]])
        #expect(patch.rest(deployment(nil)) == ["metadata": ["annotations": annotations("1")], "spec": ["replicas": 0]])
    }

    @Test("what rests by its owner's wish is left alone, now and afterwards")
    func restedBefore() {
        for workload in [cronJob(true), deployment(0)] {
            #expect(patch.rest(workload) == nil)
            #expect(patch.back(workload) == nil)
        }
    }

    @Test("told twice, and after somebody woke it, it remembers what it was at first")
    func again() {
        #expect(patch.rest(deployment(0, Self.held("3"))) == nil)
        #expect(patch.rest(deployment(1, Self.held("3"))) == ["metadata": ["annotations": annotations("3")], "spec": ["replicas": 0]])
    }

    @Test("it is put back as it was; what somebody changed meanwhile stays changed, and another migration's rest is its own")
    func back() {
        let gone = annotations(.null, for: .null)
        #expect(patch.back(cronJob(true, Self.held("false"))) == ["metadata": ["annotations": gone], "spec": ["suspend": false]])
        #expect(patch.back(deployment(0, Self.held("3"))) == ["metadata": ["annotations": gone], "spec": ["replicas": 3]])
        #expect(patch.back(deployment(5, Self.held("3"))) == ["metadata": ["annotations": gone]])
        #expect(patch.back(deployment(0, Self.held("many"))) == ["metadata": ["annotations": gone]])
        #expect(patch.back(deployment(0, Self.held("3", for: "other"))) == nil)
    }

    @Test("a restart brings replicas back in the same change, and nothing else")
    func restart() {
        let restart = RestartPatch(tag: "t", uid: "u")
        let template: JSONValue = ["metadata": ["annotations": .object([ClusterNames.restartedFor: "t"])]]
        #expect(restart.document(deployment(2)) == ["spec": ["template": template]])
        #expect(
            restart.document(deployment(0, Self.held("2")))
                == ["metadata": ["annotations": annotations(.null, for: .null)], "spec": ["replicas": 2, "template": template]])
    }

    private func state(_ workloads: [Workload], scaleToZero: Bool = false, pods: [Pod] = []) -> RestState {
        let selection = Plan.WorkloadSelection(matchLabels: Self.labels, kinds: [.deployment, .cronJob], scaleToZero: scaleToZero)
        return RestAssessment(selections: [selection], uid: "u", workloads: workloads).state(pods: pods)
    }

    @Test("running Jobs are those selected and those of selected CronJobs; at most three are named")
    func jobs() {
        #expect(state([cronJob(true), job("j", maker: "c")]).runningJobs == "Job j")
        #expect(state([cronJob(true), job("j", maker: "c", over: "Complete"), job("k", maker: "c", over: "Failed")]).runningJobs == nil)
        #expect(state([cronJob(true), job("alien", maker: "x"), job("lonely", labels: Self.labels)]).runningJobs == nil)
        #expect(state([cronJob(true)] + (1...5).map { job("j\($0)", maker: "c") }).runningJobs == "Job j1, Job j2, Job j3 and 2 more")
    }

    @Test("what is not selected for zero keeps its replicas; what still rests is seen whatever is selected")
    func replicas() {
        #expect(state([cronJob(true), deployment(2)]).isScaledToZero)
        #expect(!state([deployment(2)], scaleToZero: true).isScaledToZero)
        #expect(state([deployment(0, Self.held("2"))], scaleToZero: true, pods: [pod("web-1")]).runningPods == "pod web-1")
        #expect(!state([cronJob(false), deployment(2)]).isHeld && !state([cronJob(false)]).isSuspended)
        #expect(RestAssessment(selections: [], uid: "u", workloads: [deployment(0, Self.held("2"))]).state(pods: []).isHeld)
    }

    @Test("a Job of its own that has not begun because it is suspended is not waited for")
    func suspendedJob() {
        #expect(!Workload(Job(spec: JobSpec(suspend: true))).isRunning)
        #expect(Workload(Job(spec: JobSpec(suspend: true), status: JobStatus(active: 1))).isRunning)
        #expect(Workload(Job()).isRunning)
    }
}
