import ClusterWorkloads
import ControllerRuntime
import KubernetesClient
import MigrationCore
import Synchronization

/// What the API server refused to the controller's ServiceAccount, for readiness: a role that was withdrawn does not end a watch that runs.
final class MissingPermissions: Sendable {
    private let refusals = Mutex<[ObjectKey: String]>([:])

    static func isRefusal(_ error: any Error) -> Bool {
        (error as? KubernetesError)?.kind == .forbidden || (error as? ClusterWorkloadsError)?.reason == .forbidden
    }

    /// - Parameter text: what the API server said to what.
    /// - Returns: whether this is news.
    func refused(_ text: String, _ key: ObjectKey) -> Bool {
        refusals.withLock { $0.updateValue(text, forKey: key) != text }
    }

    /// A visit of this object came through.
    func granted(_ key: ObjectKey) {
        refusals.withLock { $0[key] = nil }
    }

    var health: HealthStatus {
        refusals.withLock { refusals in
            guard let first = refusals.min(by: { $0.key < $1.key }) else { return .passing }
            return .failing(first.value + (refusals.count > 1 ? "; and \(refusals.count - 1) more" : ""))
        }
    }
}
