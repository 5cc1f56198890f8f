import KubernetesModel
import Testing

@testable import DevCluster

@Suite("Status of a pod")
struct PodStatusTests {
    let early = Time(secondsSince1970: 1_000)
    let late = Time(secondsSince1970: 2_000)

    func progress(_ policy: String = "Always", initContainers: Int = 0) -> PodProgress {
        let spec = PodSpec(
            containers: [Container(name: "a"), Container(name: "b")],
            initContainers: (0..<initContainers).map { Container(name: "i\($0)") }, restartPolicy: policy)
        return PodProgress(Pod(metadata: ObjectMeta(name: "p", uid: "u"), spec: spec), podIP: "10.244.0.1", startTime: early)
    }

    func ended(_ code: Int) -> ContainerTerminated { ContainerTerminated(exitCode: code, reason: code == 0 ? "Completed" : "Error") }

    @Test("Pending until every container ran, Running after, Ready when all are")
    func readiness() {
        var pod = progress()
        #expect(pod.phase == "Pending")
        pod.containers[0].started(at: early, needsStartupProbe: false, needsReadinessProbe: false)
        #expect(pod.phase == "Pending")
        pod.containers[1].started(at: early, needsStartupProbe: false, needsReadinessProbe: true)
        #expect(pod.phase == "Running")
        #expect(pod.status(previous: nil, now: early).conditions?["Ready"]?.message == "containers with unready status: [b]")
        pod.containers[1].isReady = true
        #expect(pod.status(previous: nil, now: early).conditions?.allSatisfy(\.isTrue) == true)
    }

    @Test("A condition's time changes with its status only")
    func transitionTimes() {
        var pod = progress()
        for index in pod.containers.indices { pod.containers[index].started(at: early, needsStartupProbe: false, needsReadinessProbe: true) }
        let first = pod.status(previous: nil, now: early)
        pod.containers[0].isReady = true
        let second = pod.status(previous: first, now: late)
        #expect(second.conditions?["Ready"]?.lastTransitionTime == early)
        pod.containers[1].isReady = true
        let third = pod.status(previous: second, now: late)
        #expect(third.conditions?["Ready"]?.lastTransitionTime == late && third.conditions?["Initialized"]?.lastTransitionTime == early)
    }

    @Test("Succeeded when all ended well, Failed when one did not", arguments: [(0, 0, "Succeeded"), (0, 3, "Failed")])
    func phases(first: Int, second: Int, expected: String) {
        var pod = progress("Never")
        for (index, code) in [first, second].enumerated() {
            pod.containers[index].started(at: early, needsStartupProbe: false, needsReadinessProbe: false)
            pod.containers[index].ended(ended(code), willRestart: false)
        }
        #expect(pod.phase == expected && pod.isFinished)
        #expect(pod.status(previous: nil, now: late).conditions?["Ready"]?.isTrue == false)
    }

    @Test("A restart counts, keeps the last end, and is not the end of the pod")
    func restarts() {
        var pod = progress()
        for index in pod.containers.indices { pod.containers[index].started(at: early, needsStartupProbe: false, needsReadinessProbe: false) }
        pod.containers[0].ended(ended(3), willRestart: true)
        pod.containers[0].waits(reason: "CrashLoopBackOff", message: "back-off 1s")
        #expect(pod.phase == "Running" && !pod.isFinished)
        let status = pod.containers[0].status(podUID: "u")
        #expect(status.state?.waiting?.reason == "CrashLoopBackOff" && status.lastState?.terminated?.exitCode == 3 && status.ready == false)
        pod.containers[0].started(at: late, needsStartupProbe: false, needsReadinessProbe: false)
        #expect(pod.containers[0].status(podUID: "u").restartCount == 1)
    }

    @Test("A failed init container fails the pod; before that it is not initialized")
    func initContainers() {
        var pod = progress("Never", initContainers: 1)
        #expect(pod.status(previous: nil, now: early).conditions?["Initialized"]?.isTrue == false)
        #expect(pod.containers[0].status(podUID: "u").state?.waiting?.reason == "PodInitializing")
        pod.initContainers[0].started(at: early, needsStartupProbe: false, needsReadinessProbe: false)
        pod.initContainers[0].ended(ended(1), willRestart: false)
        #expect(pod.phase == "Failed")
    }
}
