import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// What a Job and its pods say about a worker step. Pure.
struct JobAssessment: Sendable {
    var job: Job
    var pods: [Pod]

    var state: JobState {
        if isTrue("Complete") { return finished(whenUnsaid: .succeeded("the worker ended well; its result was not kept")) }
        if let failed = condition("Failed"), failed.status == "True" { return finished(whenUnsaid: lost(failed)) }
        if job.isBeingDeleted { return .running("Job \(job.name) is being deleted") }
        return .running(progress)
    }

    private func condition(_ type: String) -> Condition? { job.status?.conditions?.first { $0.type == type } }
    private func isTrue(_ type: String) -> Bool { condition(type)?.status == "True" }

    private var newestPod: Pod? {
        func created(_ pod: Pod) -> Int64 { pod.metadata.creationTimestamp?.secondsSince1970 ?? 0 }
        return pods.max { created($0) < created($1) }
    }

    private var ended: ContainerTerminated? {
        newestPod?.status?.containerStatuses?.first { $0.name == JobManifest.container }?.state?.terminated
    }

    /// The worker's own word counts; without one, `otherwise`.
    private func finished(whenUnsaid otherwise: JobState) -> JobState {
        guard let message = ended?.message, let result = try? JSON.decode(WorkerResult.self, from: message) else { return otherwise }
        if result.succeeded { return isTrue("Complete") ? .succeeded(result.message) : otherwise }
        return .failed(reason: result.reason ?? .workerLost, message: result.message, mayRetry: result.mayRetry)
    }

    private func lost(_ failed: Condition) -> JobState {
        .failed(reason: .workerLost, message: "Job \(job.name) ended without a result: \(cause(failed))", mayRetry: true)
    }

    private func cause(_ failed: Condition) -> String {
        guard let pod = newestPod else {
            return "its pod is gone (\(failed.reason ?? "Failed"): \(PodTrouble.quote(failed.message ?? "no message")))"
        }
        if let reason = pod.status?.reason {
            return "pod \(pod.name) was stopped (\(reason): \(PodTrouble.quote(pod.status?.message ?? "no message")))"
        }
        guard let ended else { return PodTrouble(pod).message ?? "pod \(pod.name) never ran (\(failed.reason ?? "Failed"))" }
        if ended.reason == "OOMKilled" { return "pod \(pod.name) ran out of memory (OOMKilled); raise the workers' memory limit" }
        let said = ended.message.map { "; it said: \(PodTrouble.quote($0))" } ?? ""
        return "pod \(pod.name) ended with exit code \(ended.exitCode) (\(ended.reason ?? "Error"))\(said)"
    }

    private var progress: String {
        guard let pod = newestPod else { return "Job \(job.name) has no pod yet" }
        if let trouble = PodTrouble(pod).message { return trouble }
        return pod.status?.phase == "Running" ? "pod \(pod.name) runs" : "pod \(pod.name) starts"
    }
}
