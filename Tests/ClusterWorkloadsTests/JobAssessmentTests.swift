import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import ClusterWorkloads

@Suite("State of a worker Job, from the Job and its pods")
struct JobAssessmentTests {
    private func state(_ condition: String? = nil, _ pods: [Pod] = []) -> JobState {
        let conditions = condition.map { [Condition(type: $0, status: "True", reason: $0 == "Failed" ? "BackoffLimitExceeded" : nil)] }
        return JobAssessment(job: Job(metadata: ObjectMeta(name: "m-copy-1"), status: JobStatus(conditions: conditions)), pods: pods).state
    }

    private func ended(_ message: String?, exitCode: Int = 1, reason: String? = "Error", at seconds: Int64 = 1) -> Pod {
        let terminated = ContainerTerminated(exitCode: exitCode, reason: reason, message: message)
        return Pod(
            metadata: ObjectMeta(name: "m-copy-1-x", creationTimestamp: Time(secondsSince1970: seconds)),
            status: PodStatus(
                phase: exitCode == 0 ? "Succeeded" : "Failed",
                containerStatuses: [ContainerStatus(name: "worker", state: ContainerState(terminated: terminated), ready: false, restartCount: 0)]))
    }

    private func said(_ result: WorkerResult) throws -> String { try JSON.text(result) }

    @Test("success has the worker's words, or ours when the pod is gone")
    func succeeded() throws {
        let pod = ended(try said(WorkerResult(succeeded: true, message: "3 tables")), exitCode: 0, reason: "Completed")
        #expect(state("Complete", [pod]) == .succeeded("3 tables"))
        #expect(state("Complete") == .succeeded("the worker ended well; its result was not kept"))
    }

    @Test("failure has the worker's reason")
    func failed() throws {
        let result = WorkerResult(succeeded: false, reason: .copyFailed, message: "disk full on the target", mayRetry: true)
        #expect(state("Failed", [ended(try said(result))]) == .failed(reason: .copyFailed, message: "disk full on the target", mayRetry: true))
    }

    @Test("a worker that claims success but exited otherwise has failed")
    func contradiction() throws {
        guard case .failed(.workerLost, _, true) = state("Failed", [ended(try said(WorkerResult(succeeded: true, message: "fine")))]) else {
            Issue.record("believed it")
            return
        }
    }

    @Test(
        "without a readable result the worker is lost, with what is known",
        arguments: [
            (ended: ("Fatal: connection reset", 1, "Error"), text: "exit code 1 (Error); it said: Fatal: connection reset"),
            (ended: ("{\"succeeded\":tr", 137, "Error"), text: "exit code 137"),
            (ended: (nil, 137, "OOMKilled"), text: "raise the workers' memory limit"),
        ] as [(ended: (String?, Int, String), text: String)])
    func lost(ended values: (String?, Int, String), text: String) {
        guard case .failed(.workerLost, let message, true) = state("Failed", [ended(values.0, exitCode: values.1, reason: values.2)]) else {
            Issue.record("not lost")
            return
        }
        #expect(message.contains(text) && message.contains("m-copy-1"), "\(message)")
    }

    @Test("evicted pods and vanished pods are lost workers")
    func evicted() {
        var evicted = ended(nil)
        evicted.status?.reason = "Evicted"
        evicted.status?.message = "The node was low on resource: memory."
        guard case .failed(.workerLost, let message, true) = state("Failed", [evicted]) else { Issue.record("not lost"); return }
        #expect(message.contains("Evicted: The node was low on resource"))
        guard case .failed(.workerLost, let gone, true) = state("Failed") else { Issue.record("not lost"); return }
        #expect(gone.contains("its pod is gone"))
    }

    @Test("the newest pod speaks")
    func newest() throws {
        let old = ended(try said(WorkerResult(succeeded: false, reason: .copyFailed, message: "old")), at: 1)
        let new = ended(try said(WorkerResult(succeeded: false, reason: .verificationFailed, message: "new")), at: 2)
        #expect(state("Failed", [new, old]) == .failed(reason: .verificationFailed, message: "new", mayRetry: false))
    }

    @Test("until the Job is over it runs, whatever its pod does")
    func running() {
        #expect(state() == .running("Job m-copy-1 has no pod yet"))
        #expect(state(nil, [pod("p")]) == .running("pod p runs"))
        #expect(state(nil, [Pod(metadata: ObjectMeta(name: "p"), status: PodStatus(phase: "Pending"))]) == .running("pod p starts"))
        let missing = ContainerState(waiting: ContainerWaiting(reason: "CreateContainerConfigError", message: "secret \"old-admin\" not found"))
        #expect(
            state(nil, [pod("p", ready: false, phase: "Pending", state: missing)])
                == .running("pod p: container app waits in CreateContainerConfigError: secret \"old-admin\" not found"))
    }
}
