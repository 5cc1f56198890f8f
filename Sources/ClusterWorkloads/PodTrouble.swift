import KubernetesModel

/// What keeps a pod from being ready, in its own words.
struct PodTrouble: Sendable {
    /// Longest quotation of another component's message, in characters.
    static let quoteLimit = 300
    private static let ordinary: Set<String> = ["ContainerCreating", "PodInitializing"]

    let pod: Pod

    init(_ pod: Pod) { self.pod = pod }

    /// `nil` when nothing is wrong, or it only just starts.
    var message: String? {
        let problem = unschedulable ?? containers.lazy.compactMap(Self.problem).first
        return problem.map { "pod \(pod.name): \($0)" }
    }

    /// Set when a container that is not up again has been restarted this often.
    func crashLoop(after restarts: Int) -> String? {
        guard let container = containers.first(where: { ($0.restartCount ?? 0) >= restarts && $0.state?.running == nil }) else { return nil }
        let problem = Self.problem(container) ?? "container \(container.name) ended"
        return "pod \(pod.name): \(problem), restarted \(container.restartCount ?? 0) times; see kubectl logs --previous \(pod.name)"
    }

    /// Of all its containers together.
    var restarts: Int { containers.map { $0.restartCount ?? 0 }.reduce(0, +) }

    private var containers: [ContainerStatus] { (pod.status?.initContainerStatuses ?? []) + (pod.status?.containerStatuses ?? []) }

    private var unschedulable: String? {
        pod.status?.conditions?.first { $0.type == "PodScheduled" && $0.status == "False" }
            .map { "cannot be scheduled: \(Self.quote($0.message ?? $0.reason ?? "no reason given"))" }
    }

    private static func problem(_ container: ContainerStatus) -> String? {
        if let waiting = container.state?.waiting, let reason = waiting.reason, !ordinary.contains(reason) {
            let exit = container.lastState?.terminated.map { ", last exit code \($0.exitCode)" } ?? ""
            return "container \(container.name) waits in \(reason)\(exit)\(waiting.message.map { ": \(quote($0))" } ?? "")"
        }
        if let ended = container.state?.terminated, ended.exitCode != 0 {
            return "container \(container.name) ended with exit code \(ended.exitCode) (\(ended.reason ?? "Error"))"
        }
        if container.state?.running != nil, container.ready == false { return "container \(container.name) runs but is not ready" }
        return nil
    }

    static func quote(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count > quoteLimit ? line.prefix(quoteLimit) + "…" : line
    }
}
