import KubernetesClient
import KubernetesModel
import Logging
import StructuredData

/// Writes a pod's status, one request at a time, skipping what has not changed or is outdated by the time it is its turn.
actor PodReporter {
    private let pod: Pod
    private let client: KubernetesClient
    private let logger: Logger
    private var wanted: PodProgress?
    private var reported: PodStatus?
    private var writing: Task<Void, Never>?

    init(_ pod: Pod, client: KubernetesClient, logger: Logger) {
        self.pod = pod
        self.client = client
        self.logger = logger
        reported = pod.status
    }

    /// Returns when this progress, or a later one, has been reported.
    func report(_ progress: PodProgress) async {
        wanted = progress
        // Not a child task: the last report has to arrive although the pod's life was cancelled.
        let task = writing ?? Task { await self.write() }
        writing = task
        await task.value
    }

    private func write() async {
        var failures = 0
        while let progress = wanted {
            wanted = nil
            let status = progress.status(previous: reported, now: .now)
            guard status != reported else { continue }
            if await hasWritten(status) {
                failures = 0
            } else if wanted == nil, failures < Self.retries {
                failures += 1
                try? await Task.sleep(for: Self.retryPeriod)
                // Nobody else would tell of it: a Job whose last word was lost would run for ever.
                wanted = wanted ?? progress
            }
        }
        writing = nil
    }

    /// Together longer than an API server takes to come back, and short enough for a cluster that ends.
    private static let retries = 60
    private static let retryPeriod = Duration.milliseconds(500)

    /// False when it is worth another try.
    private func hasWritten(_ status: PodStatus) async -> Bool {
        do {
            // The uid makes it a conflict when another pod has taken the name.
            let patch: JSONValue = ["metadata": ["uid": .string(pod.uid ?? "")], "status": try JSONValue(encoding: status)]
            _ = try await client.patch(Pod.self, pod.name, namespace: pod.namespace, .merge(patch), subresource: "status")
            reported = status
            return true
        } catch let error as KubernetesError where error.kind == .notFound || error.kind == .conflict {
            // The pod is gone: there is nothing to report to.
            return true
        } catch {
            logger.warning("a pod's status could not be written", metadata: ["pod": "\(pod.name)", "error": "\(error)"])
            return false
        }
    }
}
