import KubernetesClient
import KubernetesModel
import Synchronization

/// The ready addresses behind the Services of a namespace, as they are now.
final class ReadyAddresses: Sendable {
    private let byService = Mutex<[String: [String]]>([:])

    /// `host:port` of every ready address.
    subscript(service: String) -> [String] { byService.withLock { $0[service] ?? [] } }

    /// Follows the cluster until the task is cancelled.
    func follow(_ client: KubernetesClient, namespace: String) async {
        for await output in client.watch(Endpoints.self, namespace: namespace) {
            byService.withLock { known in
                switch output {
                case .replaced(let all, _): known = Dictionary(all.map { ($0.name, Self.addresses($0)) }) { $1 }
                case .applied(let endpoints): known[endpoints.name] = Self.addresses(endpoints)
                case .deleted(let endpoints): known[endpoints.name] = nil
                case .unreadable, .interrupted, .resumed: break
                }
            }
        }
    }

    static func addresses(_ endpoints: Endpoints) -> [String] {
        (endpoints.subsets ?? []).flatMap { subset in
            (subset.addresses ?? []).flatMap { address in
                (subset.ports ?? []).filter { $0.name == "http" }.map { "\(address.ip):\($0.port)" }
            }
        }
    }
}
