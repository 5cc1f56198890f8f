/// How far the workloads have come since they were last told to restart.
public struct WorkloadsState: Sendable, Hashable {
    public enum Rollout: Sendable, Hashable {
        case complete
        case progressing(String)
        /// Stuck for a reason that time will not mend (e.g. `ProgressDeadlineExceeded`).
        case failed(String)
    }

    /// How one workload's pods are.
    public struct Replicas: Sendable, Hashable {
        /// Kind and name.
        public var workload: String
        public var wanted: Int
        public var available: Int
        /// Of the containers of its pods.
        public var restarts: Int

        public init(workload: String, wanted: Int, available: Int, restarts: Int = 0) {
            self.workload = workload
            self.wanted = wanted
            self.available = available
            self.restarts = restarts
        }
    }

    /// The workloads of one ``Plan/WorkloadSelection/order``.
    public struct Group: Sendable, Hashable {
        public var order: Int
        /// The restart annotation, when all of them carry the same one.
        public var tag: String?
        public var rollout: Rollout
        /// Of each of them; empty when they were not looked at.
        public var replicas: [Replicas]

        public init(order: Int, tag: String?, rollout: Rollout, replicas: [Replicas] = []) {
            self.order = order
            self.tag = tag
            self.rollout = rollout
            self.replicas = replicas
        }
    }

    /// Lower orders first; empty when the plan selects nothing that restarts.
    public var groups: [Group]

    public init(groups: [Group]) { self.groups = groups }

    public init(tag: String?, rollout: Rollout, replicas: [Replicas] = []) {
        self.init(groups: [Group(order: 0, tag: tag, rollout: rollout, replicas: replicas)])
    }

    public var replicas: [Replicas] { groups.flatMap(\.replicas) }
}

extension WorkloadsState {
    /// What a restart with `tag` comes to next: each group waits for those before it.
    enum Turn { case restart(order: Int), rollout(Rollout) }

    func turn(_ tag: String) -> Turn {
        for group in groups {
            if group.tag != tag { return .restart(order: group.order) }
            if group.rollout != .complete { return .rollout(group.rollout) }
        }
        return .rollout(.complete)
    }

    /// Whether the restart with `tag` has begun, if there is anything to restart.
    func hasBegun(_ tag: String) -> Bool { groups.first.map { $0.tag == tag } ?? true }

    /// Of all groups together: the worst one decides.
    var rollout: Rollout {
        let all = groups.map(\.rollout)
        if let failed = all.first(where: { if case .failed = $0 { true } else { false } }) { return failed }
        return all.first { $0 != .complete } ?? .complete
    }
}
