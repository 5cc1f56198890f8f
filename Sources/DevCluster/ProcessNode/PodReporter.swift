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
        while let progress = wanted {
            wanted = nil
            let status = progress.status(previous: reported, now: .now)
            guard status != reported else { continue }
            await write(status)
        }
        writing = nil
    }

    private func write(_ status: PodStatus) async {
        do {
            // The uid makes it a conflict when another pod has taken the name.
            let patch: JSONValue = ["metadata": ["uid": .string(pod.uid ?? "")], "status": try JSONValue(encoding: status)]
            _ = try await client.patch(Pod.self, pod.name, namespace: pod.namespace, .merge(patch), subresource: "status")
            reported = status
        } catch let error as KubernetesError where error.kind == .notFound || error.kind == .conflict {
            // The pod is gone: there is nothing to report to.
        } catch {
            logger.warning("a pod's status could not be written", metadata: ["pod": "\(pod.name)", "error": "\(error)"])
            _ = try? await Task.sleep(for: .milliseconds(500))
            if wanted == nil { await retry(status) }
        }
    }

    private func retry(_ status: PodStatus) async {
        guard let patch = try? JSONValue(encoding: status) else { return }
        _ = try? await client.patch(Pod.self, pod.name, namespace: pod.namespace, .merge(["status": patch]), subresource: "status")
        reported = status
    }
}
