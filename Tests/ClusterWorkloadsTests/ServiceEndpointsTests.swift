import KubernetesModel
import MigrationCore
import MigrationPorts
import Testing

@testable import ClusterWorkloads

@Suite("Ready addresses of a Service")
struct ServiceEndpointsTests {
    private func endpoints(_ ready: [String], notReady: [String] = [], ports: [EndpointPort]) -> Endpoints {
        Endpoints(
            metadata: ObjectMeta(name: "mys-chain"),
            subsets: [
                EndpointSubset(
                    addresses: ready.map { EndpointAddress(ip: $0) }, notReadyAddresses: notReady.map { EndpointAddress(ip: $0) }, ports: ports)
            ])
    }

    @Test("each ready address with the named port's number, in order; those not ready are left out")
    func named() {
        let ports = [EndpointPort(name: "metrics", port: 9000), EndpointPort(name: "http", port: 8080)]
        let found = ServiceEndpoints.addresses(in: endpoints(["10.0.0.2", "10.0.0.1"], notReady: ["10.0.0.3"], ports: ports), portName: "http")
        #expect(found == .value([ServiceAddress(host: "10.0.0.1", port: 8080), ServiceAddress(host: "10.0.0.2", port: 8080)]))
    }

    @Test("a single port needs no name")
    func unnamed() {
        let found = ServiceEndpoints.addresses(in: endpoints(["10.0.0.1"], ports: [EndpointPort(port: 80)]), portName: nil)
        #expect(found == .value([ServiceAddress(host: "10.0.0.1", port: 80)]))
    }

    @Test("a port nobody has is unknown; no ready address is an empty list")
    func absent() {
        #expect(ServiceEndpoints.addresses(in: endpoints(["10.0.0.1"], ports: [EndpointPort(name: "a", port: 80)]), portName: "b").value == nil)
        let none = endpoints([], notReady: ["10.0.0.1"], ports: [EndpointPort(name: "a", port: 80)])
        #expect(ServiceEndpoints.addresses(in: none, portName: "a") == .value([]))
        #expect(ServiceEndpoints.addresses(in: Endpoints(), portName: "a") == .value([]))
    }
}
