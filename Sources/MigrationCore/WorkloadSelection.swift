extension Plan {
    /// Workloads that read the connection strings: restarted to read the new ones, or kept from running meanwhile.
    public struct WorkloadSelection: Sendable, Hashable, Codable {
        public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
            case deployment = "Deployment", statefulSet = "StatefulSet", daemonSet = "DaemonSet"
            /// Suspended over the write pause; the Jobs they made are waited for.
            case cronJob = "CronJob"
            /// Waited for before the write pause.
            case job = "Job"

            /// Whether a changed pod template makes new pods.
            public var restarts: Bool { self != .cronJob && self != .job }
        }

        public var matchLabels: [String: String]
        public var kinds: [Kind]
        /// Those of a lower order are restarted and complete before those of a higher one begin.
        public var order: Int
        /// Deployments and StatefulSets have no pods during the write pause.
        public var scaleToZero: Bool
        /// Longest wait for a rollout, in seconds.
        public var rolloutSeconds: Int

        public init(
            matchLabels: [String: String], kinds: [Kind] = [.deployment, .statefulSet], order: Int = 0, scaleToZero: Bool = false,
            rolloutSeconds: Int = 600
        ) {
            self.matchLabels = matchLabels
            self.kinds = kinds
            self.order = order
            self.scaleToZero = scaleToZero
            self.rolloutSeconds = rolloutSeconds
        }

        /// A plan that was frozen before there were other kinds restarts Deployments, all at once.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            matchLabels = try values.decode([String: String].self, forKey: .matchLabels)
            kinds = try values.decodeIfPresent([Kind].self, forKey: .kinds) ?? [.deployment]
            order = try values.decodeIfPresent(Int.self, forKey: .order) ?? 0
            scaleToZero = try values.decodeIfPresent(Bool.self, forKey: .scaleToZero) ?? false
            rolloutSeconds = try values.decode(Int.self, forKey: .rolloutSeconds)
        }
    }
}

extension Plan.WorkloadSelection {
    /// Whether Jobs have to be over before the write pause.
    public var waitsForJobs: Bool { kinds.contains(.cronJob) || kinds.contains(.job) }
}

extension Plan.Cutover {
    /// Longest wait for the rollouts of all workloads, in seconds: each order's most patient selection, one after the other.
    var rolloutSeconds: Int {
        let longest = Dictionary(
            workloads.filter { $0.kinds.contains(where: \.restarts) }.map { ($0.order, $0.rolloutSeconds) }, uniquingKeysWith: max)
        return longest.isEmpty ? 600 : longest.values.reduce(0, +)
    }

    /// Whether Jobs have to be over before the write pause.
    var waitsForJobs: Bool { workloads.contains(where: \.waitsForJobs) }
    /// Whether workloads have no pods during the write pause.
    var stopsWorkloads: Bool { workloads.contains(where: \.scaleToZero) }
    /// Whether anything rests over the write pause.
    var rests: Bool { waitsForJobs || stopsWorkloads }
}
