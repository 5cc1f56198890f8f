public import MigrationCore

/// Where one pod behind a Service listens.
public struct ServiceAddress: Sendable, Hashable {
    /// An IP address, IPv6 without brackets.
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}

/// Finds the pods behind a Service, so that a probe asks each of them and not whichever the Service picks.
public protocol ServiceAddressResolver: Sendable {
    /// Every ready address, in a stable order; empty when the Service has none.
    /// - Parameter port: a name or a number, as the Service declares it.
    func readyAddresses(namespace: String, service: String, port: String) async -> Fact<[ServiceAddress]>
}
