public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts

/// The applications' Secrets in the cluster: where they point, and turning them without losing what stood there.
public struct ConnectionSecrets: ConnectionSecretsPort {
    /// Tries when somebody else writes the same Secret at the same time.
    static let conflictRetries = 5

    private let client: KubernetesClient

    public init(client: KubernetesClient) { self.client = client }

    public func applicationRoles(_ migration: MigrationReference, plan: Plan) async -> ApplicationRoles {
        do {
            return try await snapshot(migration, plan, withKept: false).roles()
        } catch {
            return ApplicationRoles(roles: [], problems: [PreflightProblem(reading: "the Secrets of spec.cutover.connections", error)])
        }
    }

    public func observe(_ migration: MigrationReference, plan: Plan) async -> Fact<SecretsState> {
        do {
            return .value(try await snapshot(migration, plan, withKept: false).state())
        } catch {
            return .unknown("\(error)")
        }
    }

    /// Originals are kept first; then each Secret changes in one patch that touches our keys only.
    public func point(_ migration: MigrationReference, plan: Plan, to side: Side) async throws {
        for attempt in 1... {
            do {
                let snapshot = try await snapshot(migration, plan, withKept: true)
                let changes = try snapshot.changes(to: side)
                if side == .target {
                    try await forEach(changes) { try await keep($0, snapshot.kept[$0.secret.name], migration) }
                }
                return try await forEach(changes) { try await write($0, migration) }
            } catch let error as KubernetesError where error.kind == .conflict || error.kind == .alreadyExists {
                if attempt >= Self.conflictRetries { throw error }
            }
        }
    }

    public func hasOriginals(_ migration: MigrationReference) async -> Fact<Bool> {
        do {
            return .value(try await !kept(migration).isEmpty)
        } catch {
            return .unknown("\(error)")
        }
    }

    public func discardOriginals(_ migration: MigrationReference) async throws {
        try await forEach(try await kept(migration)) { secret in
            if let release = Originals.release(secret) {
                let precondition = secret.metadata.resourceVersion
                _ = try await client.patch(Secret.self, secret.name, namespace: migration.namespace, .merge(release, resourceVersion: precondition))
            }
            // One that somebody deleted before waited only for our finalizer.
            try await client.remove(secret)
        }
    }
}

extension ConnectionSecrets {
    private func snapshot(_ migration: MigrationReference, _ plan: Plan, withKept: Bool) async throws -> ConnectionSnapshot {
        let secrets = try await withThrowingTaskGroup(of: Secret?.self) { group in
            for name in ConnectionSnapshot.names(in: plan) {
                group.addTask { try await client.find(Secret.self, name, namespace: migration.namespace) }
            }
            return try await group.reduce(into: [String: Secret]()) { result, secret in
                if let secret { result[secret.name] = secret }
            }
        }
        let kept = withKept ? Originals.byOriginal(try await kept(migration)) : [:]
        return ConnectionSnapshot(plan: plan, secrets: secrets, kept: kept)
    }

    private func kept(_ migration: MigrationReference) async throws -> [Secret] {
        try await client.list(Secret.self, namespace: migration.namespace, labels: ClusterNames.selector(migration)).items
    }

    private func keep(_ change: SecretChange, _ kept: Secret?, _ migration: MigrationReference) async throws {
        switch Originals.step(for: change, kept: kept, migration) {
        case .create(let secret): _ = try await client.create(secret)
        case .add(let name, let patch, let resourceVersion):
            _ = try await client.patch(Secret.self, name, namespace: migration.namespace, .merge(patch, resourceVersion: resourceVersion))
        case nil: break
        }
    }

    private func write(_ change: SecretChange, _ migration: MigrationReference) async throws {
        let precondition = change.secret.metadata.resourceVersion
        _ = try await client.patch(
            Secret.self, change.secret.name, namespace: migration.namespace, .merge(change.patch, resourceVersion: precondition))
    }
}
