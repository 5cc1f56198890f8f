import KubernetesModel
import MigrationCore
import MigrationPorts

/// Whose the sessions on the source are. Pure.
struct SessionOrigins: Sendable {
    /// At most so many kinds of sessions are named.
    static let namedLimit = 5

    var census: WorkloadCensus
    var sessions: [ClientSession]
    /// Addresses of the plan's poolers, which are led to the target themselves.
    var poolers: Set<String> = []

    /// One for each address and role that no selected workload's pod has. Where no address is a pod's, they are translated on the way, and one says so.
    var warnings: [PreflightProblem] {
        let selectors = census.selected.compactMap(\.selector)
        var owners: [String: (pod: String, isSelected: Bool)] = [:]
        for pod in census.pods {
            let isSelected = selectors.contains { $0.matches(pod.metadata.labels ?? [:]) }
            for address in addresses(pod) { owners[address] = (pod.name, isSelected || owners[address]?.isSelected ?? false) }
        }
        let direct = sessions.filter { !poolers.contains($0.address) }
        let foreign = direct.filter { owners[$0.address]?.isSelected != true }
        guard !foreign.isEmpty else { return [] }
        if foreign.count == sessions.count, sessions.allSatisfy({ owners[$0.address] == nil }), !owners.isEmpty { return [translated] }
        return foreign.prefix(Self.namedLimit).enumerated().map { index, session in
            let place = owners[session.address].map { "pod \($0.pod) (\(session.address))" } ?? session.address
            let rest = foreign.count > Self.namedLimit && index == Self.namedLimit - 1 ? "; so do \(foreign.count - Self.namedLimit) other kinds" : ""
            return warning("\(Self.text(session)) from \(place) belong to no pod of a selected workload\(rest)")
        }
    }

    private var translated: PreflightProblem {
        let named = sessions.prefix(Self.namedLimit).map { "\(Self.text($0)) from \($0.address)" }.joined(separator: ", ")
        return warning("no session on the source has the address of a pod of this namespace, so whose they are cannot be told: \(named)")
    }

    private func warning(_ found: String) -> PreflightProblem {
        PreflightProblem(
            reason: .sessionNotSelected,
            message: "\(found); the write pause ends such sessions, and afterwards they find the source read-only: "
                + "select the workload they are of, or move them yourself")
    }

    private func addresses(_ pod: Pod) -> [String] {
        // Those that are over have lost their address to others.
        guard pod.status?.phase != "Succeeded", pod.status?.phase != "Failed" else { return [] }
        return ([pod.status?.podIP] + (pod.status?.podIPs ?? []).map(\.ip)).compactMap(\.self)
    }

    private static func text(_ session: ClientSession) -> String {
        let name = session.application.isEmpty ? "" : " (\(session.application.prefix(64)))"
        return "\(session.count) session\(session.count == 1 ? "" : "s") of \(session.user) in \(session.database)\(name)"
    }
}

extension HorizontalPodAutoscaler {
    /// What it means for a workload that is scaled to zero; `nil` when it scales none of them.
    func warning(about workloads: [Workload]) -> PreflightProblem? {
        guard let target = spec?.scaleTargetRef, workloads.contains(where: { $0.kind.rawValue == target.kind && $0.name == target.name }) else {
            return nil
        }
        let meaning =
            spec?.minReplicas == 0
            ? "it may scale from zero and so undo that: delete it for the cutover, or leave scaleToZero out"
            : "it rests while there are no replicas, and goes on from as many as there were"
        return PreflightProblem(
            reason: .autoscaled, message: "HorizontalPodAutoscaler \(name) scales \(target.kind) \(target.name), which has scaleToZero; \(meaning)")
    }
}
