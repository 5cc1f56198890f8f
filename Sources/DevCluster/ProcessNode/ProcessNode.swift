import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging

/// The cluster's only node: stands in for scheduler, kubelet and cluster DNS. Containers are local processes.
actor ProcessNode {
    private let context: NodeContext
    private var workers: [String: PodWorker] = [:]
    /// Pods whose deletion is under way.
    private var deleting: Set<String> = []
    private var addressesUsed = 0
    private let certificates: Certificates

    /// - Throws: `ConfigurationError` when the kubeconfig cannot be read.
    init(folder: StateFolder, images: ImageMap, searchPath: [String], volumeSeconds: Int, certificates: Certificates, logger: Logger) throws {
        let configuration = try ClusterConfiguration.kubeconfig(paths: [folder.kubeconfig])
        let client = KubernetesClient(configuration, fieldManager: "dev-node")
        self.certificates = certificates
        context = NodeContext(client: client, folder: folder, images: images, searchPath: searchPath, volumeSeconds: volumeSeconds, logger: logger)
    }

    /// Makes the Node object.
    func register() async throws { _ = try await context.client.create(NodeObject.make(now: .now)) }

    /// Whether the controller manager has made what every pod needs.
    func canRunPods() async throws -> Bool {
        _ = try await context.client.get(ServiceAccount.self, "default", namespace: "default")
        _ = try await context.client.get(ConfigMap.self, "kube-root-ca.crt", namespace: "default")
        return true
    }

    /// Runs pods until cancelled.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchPods() }
            group.addTask { try await ServiceNames(context: self.context).keepCurrent() }
            let logs = LogServer(folder: context.folder, certificates: certificates, logger: context.logger)
            group.addTask { try await logs.run() }
            try await group.waitForAll()
        }
    }

    private func watchPods() async {
        for await output in context.client.watch(Pod.self) {
            switch output {
            case .replaced(let pods, _):
                let present = Set(pods.compactMap(\.uid))
                for uid in workers.keys where !present.contains(uid) { forget(uid) }
                for pod in pods { consider(pod) }
            case .applied(let pod): consider(pod)
            case .deleted(let pod): forget(pod.uid ?? "")
            case .interrupted(let error): context.logger.warning("watching pods was interrupted", metadata: ["error": "\(error)"])
            case .unreadable, .resumed: break
            }
        }
    }

    private func consider(_ pod: Pod) {
        guard let uid = pod.uid else { return }
        if pod.spec?.nodeName == nil {
            if Self.schedules(pod), !pod.isBeingDeleted { bind(pod) }
            return
        }
        guard pod.spec?.nodeName == Addresses.nodeName else { return }
        let worker = workers[uid] ?? adopt(pod, uid: uid)
        guard pod.isBeingDeleted, let worker, deleting.insert(uid).inserted else { return }
        let grace = Duration.seconds(pod.metadata.deletionGracePeriodSeconds ?? 30)
        Task { await worker.delete(grace: grace) }
    }

    private func adopt(_ pod: Pod, uid: String) -> PodWorker? {
        // A finished pod seen for the first time has nothing to run.
        guard pod.status?.phase != "Succeeded", pod.status?.phase != "Failed" else { return nil }
        defer { addressesUsed += 1 }
        let worker = PodWorker(pod, podIP: Addresses.pod(addressesUsed), context: context)
        workers[uid] = worker
        if !pod.isBeingDeleted { Task { await worker.start() } }
        return worker
    }

    /// Whether the pod leaves it to the default scheduler where it runs, for which this node stands in.
    static func schedules(_ pod: Pod) -> Bool { (pod.spec?.schedulerName ?? "default-scheduler") == "default-scheduler" }

    /// There is one node: scheduling is saying so.
    private func bind(_ pod: Pod) {
        let context = context
        Task {
            let binding = Binding(
                metadata: ObjectMeta(name: pod.name, namespace: pod.namespace, uid: pod.uid),
                target: ObjectReference(apiVersion: "v1", kind: "Node", name: Addresses.nodeName))
            do {
                _ = try await context.client.createSubresource(
                    Pod.self, pod.name, namespace: pod.namespace, subresource: "binding", body: binding, returning: Status.self)
            } catch {
                context.logger.info("a pod was not bound", metadata: ["pod": "\(pod.name)", "error": "\(error)"])
            }
        }
    }

    /// The pod is gone from the API server: whatever still runs of it has no business any more.
    private func forget(_ uid: String) {
        deleting.remove(uid)
        guard let worker = workers.removeValue(forKey: uid) else { return }
        Task {
            await worker.stop(grace: .zero)
            await worker.removeTraces()
        }
    }
}
