import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging

/// Runs one pod: volumes, init containers, containers with their probes and restarts, and its reported status.
actor PodWorker {
    let pod: Pod
    let podIP: String
    let context: NodeContext
    let folder: PodFolder
    let volumes: PodVolumes
    var progress: PodProgress
    /// Process numbers of running containers by name.
    var processes: [String: Int32] = [:]
    /// The probes of running containers.
    var probes: [String: Task<Void, Never>] = [:]
    /// Set once and for good: nothing is started any more.
    private(set) var isStopping = false

    private let reporter: PodReporter
    private var life: Task<Void, Never>?

    init(_ pod: Pod, podIP: String, context: NodeContext) {
        self.pod = pod
        self.podIP = podIP
        self.context = context
        folder = PodFolder(pod, in: context.folder)
        volumes = PodVolumes(pod: pod, podIP: podIP, folder: folder, client: context.client, longestDelay: context.volumeSeconds)
        progress = PodProgress(pod, podIP: podIP, startTime: .now)
        reporter = PodReporter(pod, client: context.client, logger: context.logger)
    }

    /// Begins the pod's life; returns at once.
    func start() {
        guard life == nil else { return }
        life = Task { await live() }
    }

    /// Stops the containers: SIGTERM, and SIGKILL after the grace period. Returns when they are gone.
    func stop(grace: Duration) async {
        isStopping = true
        for name in processes.keys { stopContainer(name, grace: grace) }
        // Ends pauses and questions to the API server; running containers are not part of this task.
        life?.cancel()
        await life?.value
    }

    /// Stops the containers, then tells the API server that the pod is gone.
    func delete(grace: Duration) async {
        await stop(grace: grace)
        do {
            try await context.client.delete(
                Pod.self, pod.name, namespace: pod.namespace, options: DeleteOptions(uid: pod.uid, gracePeriodSeconds: 0))
        } catch  where error.kind != .notFound && error.kind != .conflict {
            context.logger.warning("a pod could not be removed", metadata: ["pod": "\(pod.name)", "error": "\(error)"])
        } catch {}
    }

    /// Removes what is left of the pod.
    func removeTraces() async {
        folder.remove()
        _ = try? await Command.run(["ip", "addr", "del", "\(podIP)/32", "dev", "lo"])
    }

    /// Reports the current progress.
    func report() async { await reporter.report(progress) }
}
