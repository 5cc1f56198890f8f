public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts

/// The ready addresses of Services, from their Endpoints objects.
public struct ServiceEndpoints: ServiceAddressResolver {
    private let client: KubernetesClient

    public init(client: KubernetesClient) { self.client = client }

    public func readyAddresses(namespace: String, service: String, port: String) async -> Fact<[ServiceAddress]> {
        do {
            var portName: String? = port
            if let number = Int(port) {
                let ports = try await client.find(Service.self, service, namespace: namespace)?.spec?.ports
                guard let match = ports?.first(where: { $0.port == number }) else { return .unknown("no Service \(service) with port \(port)") }
                portName = match.name
            }
            guard let endpoints = try await client.find(Endpoints.self, service, namespace: namespace) else {
                return .unknown("Service \(service) does not exist or has no Endpoints")
            }
            return Self.addresses(in: endpoints, portName: portName)
        } catch {
            return .unknown("\(error)")
        }
    }

    /// - Parameter portName: `nil` for the only port of a Service, which needs no name.
    static func addresses(in endpoints: Endpoints, portName: String?) -> Fact<[ServiceAddress]> {
        let subsets = (endpoints.subsets ?? []).filter { !($0.addresses ?? []).isEmpty }
        let found = subsets.flatMap { subset in
            (subset.ports ?? []).filter { ($0.name ?? "") == (portName ?? "") }.flatMap { port in
                (subset.addresses ?? []).map { ServiceAddress(host: $0.ip, port: port.port) }
            }
        }
        if found.isEmpty, !subsets.isEmpty { return .unknown("Service \(endpoints.name) has no port named \(portName ?? "")") }
        return .value(Set(found).sorted { ($0.host, $0.port) < ($1.host, $1.port) })
    }
}
