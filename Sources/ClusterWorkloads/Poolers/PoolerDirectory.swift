import FoundationEssentials
public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts
import StructuredData
import Synchronization

/// Where the consoles of a pooler's replicas are, and who may use them.
public struct PoolerReplicas: Sendable, Hashable {
    public var login: Login
    /// Must answer.
    public var ready: [ServiceAddress]
    /// Answer or not: a replica that is not ready may be so because it is paused, or because it is not there.
    public var others: [ServiceAddress]
}

/// Finds the replicas of poolers by their Services. What was last read is remembered, so that a pause can end while the API server does not answer.
public final class PoolerDirectory: Sendable {
    private struct Key: Hashable {
        var namespace: String
        var pooler: Plan.Pooler
    }

    private let client: KubernetesClient
    private let known = Mutex<[Key: (replicas: PoolerReplicas, readAt: ContinuousClock.Instant)]>([:])

    public init(client: KubernetesClient) { self.client = client }

    /// What the API server says; where it does not answer, what it said last.
    /// - Parameter age: so old may the answer be; `nil` for any.
    /// - Throws: ``ClusterWorkloadsError`` or what the API server answered, if it was never asked before.
    public func replicas(_ pooler: Plan.Pooler, _ migration: MigrationReference, atMost age: Duration?) async throws -> PoolerReplicas {
        let key = Key(namespace: migration.namespace, pooler: pooler)
        let last = known.withLock { $0[key] }
        if let last, age.map({ ContinuousClock.now - last.readAt <= $0 }) ?? true { return last.replicas }
        do {
            async let user = login(pooler.credentials, of: "pooler \(pooler.name)", migration)
            let addresses = try await addresses(pooler, migration)
            let found = PoolerReplicas(login: try await user, ready: addresses.ready, others: addresses.others)
            known.withLock { $0[key] = (found, .now) }
            return found
        } catch {
            guard let last else { throw error }
            return last.replicas
        }
    }

    /// A user name and a password.
    public func login(_ reference: Plan.CredentialsReference, of whose: String, _ migration: MigrationReference) async throws -> Login {
        let secret = try await client.find(Secret.self, reference.name, namespace: migration.namespace)
        let user = secret?.data?[reference.usernameKey].flatMap { String(validating: $0, as: UTF8.self) }
        let password = secret?.data?[reference.passwordKey].flatMap { String(validating: $0, as: UTF8.self) }
        if let user, let password, !user.isEmpty { return Login(user: user, password: Redacted(password)) }
        let what = secret == nil ? "does not exist" : "lacks the keys \(reference.usernameKey) and \(reference.passwordKey)"
        throw ClusterWorkloadsError(.secretMissing, "Secret \(reference.name) of \(whose) \(what); create it with a user and a password")
    }

    private func addresses(_ pooler: Plan.Pooler, _ migration: MigrationReference) async throws -> (ready: [ServiceAddress], others: [ServiceAddress])
    {
        switch pooler.consoles {
        case .addresses(let consoles): return (consoles.map { ServiceAddress(host: $0.host, port: $0.port) }, [])
        case .service(let name, let port):
            var portName: String? = port
            if let number = Int(port) {
                let ports = try await client.find(Service.self, name, namespace: migration.namespace)?.spec?.ports
                guard let match = ports?.first(where: { $0.port == number }) else { throw Self.missing(name, "with port \(port)", pooler) }
                portName = match.name
            }
            guard let endpoints = try await client.find(Endpoints.self, name, namespace: migration.namespace) else {
                throw Self.missing(name, "with Endpoints", pooler)
            }
            let all = Self.addresses(in: endpoints, portName: portName)
            guard !all.ready.isEmpty || !all.others.isEmpty else { throw Self.missing(name, "with an address at port \(port)", pooler) }
            return all
        }
    }

    static func addresses(in endpoints: Endpoints, portName: String?) -> (ready: [ServiceAddress], others: [ServiceAddress]) {
        func of(_ kind: KeyPath<EndpointSubset, [EndpointAddress]?>) -> [ServiceAddress] {
            let all = (endpoints.subsets ?? []).flatMap { subset in
                (subset.ports ?? []).filter { ($0.name ?? "") == (portName ?? "") }.flatMap { port in
                    (subset[keyPath: kind] ?? []).map { ServiceAddress(host: $0.ip, port: port.port) }
                }
            }
            return Set(all).sorted { ($0.host, $0.port) < ($1.host, $1.port) }
        }
        return (of(\.addresses), of(\.notReadyAddresses))
    }

    private static func missing(_ service: String, _ what: String, _ pooler: Plan.Pooler) -> ClusterWorkloadsError {
        ClusterWorkloadsError(
            .unreachable, "pooler \(pooler.name): there is no Service \(service) \(what); correct spec.cutover.poolers, or start its pods")
    }
}
