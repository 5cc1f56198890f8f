import KubernetesModel

/// What is known of one pod; its API status is a function of this.
struct PodProgress: Sendable, Hashable {
    let uid: String
    let podIP: String
    let startTime: Time
    let restartPolicy: RestartPolicy
    var initContainers: [ContainerProgress]
    var containers: [ContainerProgress]

    init(_ pod: Pod, podIP: String, startTime: Time) {
        uid = pod.uid ?? ""
        self.podIP = podIP
        self.startTime = startTime
        restartPolicy = RestartPolicy(pod.spec?.restartPolicy)
        initContainers = (pod.spec?.initContainers ?? []).map(ContainerProgress.init)
        containers = (pod.spec?.containers ?? []).map(ContainerProgress.init)
        if !initContainers.isEmpty {
            for index in containers.indices { containers[index].state = .waiting(reason: "PodInitializing", message: nil) }
        }
    }

    /// All init containers ended well.
    var isInitialized: Bool { initContainers.allSatisfy { $0.finalTermination?.exitCode == 0 } }

    /// No container will run again.
    var isFinished: Bool {
        initContainers.contains { $0.finalTermination.map { $0.exitCode != 0 } ?? false }
            || (!containers.isEmpty && containers.allSatisfy(\.isFinished))
    }

    var phase: String {
        if isFinished {
            return isInitialized && containers.allSatisfy { $0.finalTermination?.exitCode == 0 } ? "Succeeded" : "Failed"
        }
        return isInitialized && containers.allSatisfy { $0.runs > 0 } ? "Running" : "Pending"
    }

    /// The status to report; conditions whose status did not change keep the time of the previous report.
    func status(previous: PodStatus?, now: Time) -> PodStatus {
        let unready = containers.filter { !($0.isReady && $0.isRunning) }.map(\.name)
        let isReady = unready.isEmpty && phase == "Running"
        let reason: String? = isReady ? nil : phase == "Succeeded" ? "PodCompleted" : "ContainersNotReady"
        let message: String? = isReady || phase == "Succeeded" ? nil : "containers with unready status: [\(unready.joined(separator: " "))]"
        let uninitialized = initContainers.filter { $0.finalTermination?.exitCode != 0 }.map(\.name)
        let wanted: [Condition] = [
            condition(
                "Initialized", isInitialized, reason: "ContainersNotInitialized",
                message: "containers with incomplete status: [\(uninitialized.joined(separator: " "))]"),
            condition("Ready", isReady, reason: reason, message: message),
            condition("ContainersReady", isReady, reason: reason, message: message),
            condition("PodScheduled", true, reason: nil, message: nil),
        ]
        let before = previous?.conditions ?? []
        let conditions = wanted.map { condition in
            var condition = condition
            let same = before.first { $0.type == condition.type && $0.status == condition.status }
            condition.lastTransitionTime = same?.lastTransitionTime ?? now
            return condition
        }
        return PodStatus(
            phase: phase, conditions: conditions, hostIP: Addresses.node, podIP: podIP, podIPs: [PodIP(ip: podIP)], startTime: startTime,
            initContainerStatuses: initContainers.isEmpty ? nil : initContainers.map { $0.status(podUID: uid) },
            containerStatuses: containers.map { $0.status(podUID: uid) }, qosClass: previous?.qosClass)
    }

    private func condition(_ type: String, _ holds: Bool, reason: String?, message: String?) -> Condition {
        Condition(type: type, status: holds ? "True" : "False", reason: holds ? nil : reason, message: holds ? nil : message)
    }
}
