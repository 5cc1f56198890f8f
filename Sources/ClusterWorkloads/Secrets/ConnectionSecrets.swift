public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts
import StructuredData

/// The applications' Secrets and ConfigMaps in the cluster: where they lead, and turning them without losing what stood there.
public struct ConnectionSecrets: ConnectionSecretsPort {
    /// Tries when somebody else writes the same object at the same time.
    static let conflictRetries = 5

    private let client: KubernetesClient

    public init(client: KubernetesClient) { self.client = client }

    public func applicationRoles(_ migration: MigrationReference, plan: Plan) async -> ApplicationRoles {
        do {
            return try await snapshot(migration, plan, withKept: false).roles()
        } catch {
            return ApplicationRoles(roles: [], problems: [PreflightProblem(reading: "the objects of spec.cutover.connections", error)])
        }
    }

    public func observe(_ migration: MigrationReference, plan: Plan, attempt: Int) async -> ObservedConnections {
        do {
            let snapshot = try await snapshot(migration, plan, withKept: true)
            var values = snapshot.values(attempt: attempt)
            for index in values.indices where values[index].wasTurnedBack {
                values[index].writer = await writer(of: values[index].id, values[index].value.key, migration)
            }
            let state: Fact<SecretsState>
            do {
                state = .value(try snapshot.state())
            } catch {
                state = .unknown("\(error)")
            }
            return ObservedConnections(state: state, values: values.map(\.value), hasDigestKey: snapshot.digestKey != nil)
        } catch {
            return ObservedConnections(state: .unknown("\(error)"))
        }
    }

    /// Originals are kept first; then each object changes in one patch that touches our keys only, and that it did is noted beside its originals.
    public func point(_ migration: MigrationReference, plan: Plan, to side: Side, attempt: Int) async throws {
        guard !plan.cutover.isWrittenOutside else { return }
        for trial in 1... {
            do {
                let snapshot = try await snapshot(migration, plan, withKept: true)
                let changes = try snapshot.changes(to: side).filter { Originals.written(snapshot.kept[$0.holder.id], attempt: attempt) != side }
                try await forEach(changes) { try await keep($0, to: side, snapshot.kept[$0.holder.id], migration) }
                return try await forEach(changes) { change in
                    try await write(change, migration)
                    try await note(Originals.mark(side, attempt: attempt), change.holder.id, migration)
                }
            } catch let error as KubernetesError where error.kind == .conflict || error.kind == .alreadyExists {
                if trial >= Self.conflictRetries { throw error }
            }
        }
    }

    public func prepareDigests(_ migration: MigrationReference) async throws {
        do {
            _ = try await client.create(Originals.digestKey(migration))
        } catch let error where error.kind == .alreadyExists {
            return
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
        async let keptSecrets = withKept ? kept(migration) : []
        let holders = try await withThrowingTaskGroup(of: ConnectionHolder?.self) { group in
            for id in ConnectionSnapshot.names(in: plan) {
                group.addTask {
                    switch id.kind {
                    case .secret: try await client.find(Secret.self, id.name, namespace: migration.namespace).map(ConnectionHolder.init)
                    case .configMap: try await client.find(ConfigMap.self, id.name, namespace: migration.namespace).map(ConnectionHolder.init)
                    }
                }
            }
            return try await group.reduce(into: [ConnectionHolder.ID: ConnectionHolder]()) { result, holder in
                if let holder { result[holder.id] = holder }
            }
        }
        let ours = try await keptSecrets
        let digestKey = ours.first { $0.name == ClusterNames.digestKey(migration) }?.data?[Originals.digestKeyName]
        return ConnectionSnapshot(plan: plan, holders: holders, kept: Originals.byOriginal(ours), digestKey: digestKey)
    }

    private func kept(_ migration: MigrationReference) async throws -> [Secret] {
        try await client.list(Secret.self, namespace: migration.namespace, labels: ClusterNames.selector(migration)).items
    }

    private func keep(_ change: HolderChange, to side: Side, _ kept: Secret?, _ migration: MigrationReference) async throws {
        switch Originals.step(for: change, to: side, kept: kept, migration) {
        case .create(let secret): _ = try await client.create(secret)
        case .add(let name, let patch, let resourceVersion):
            _ = try await client.patch(Secret.self, name, namespace: migration.namespace, .merge(patch, resourceVersion: resourceVersion))
        case nil: break
        }
    }

    private func write(_ change: HolderChange, _ migration: MigrationReference) async throws {
        let resource = change.holder.id.resource
        let patch = Patch.merge(change.patch, resourceVersion: change.holder.metadata.resourceVersion)
        _ = try await client.patch(resource, change.holder.id.name, namespace: migration.namespace, patch)
    }

    private func note(_ mark: String, _ id: ConnectionHolder.ID, _ migration: MigrationReference) async throws {
        let patch: JSONValue = ["metadata": ["annotations": .object([ClusterNames.written: .string(mark)])]]
        _ = try await client.patch(Secret.self, ClusterNames.kept(migration, id), namespace: migration.namespace, .merge(patch, resourceVersion: nil))
    }

    /// Who owns a key by now; `nil` where the API server does not say, or not to us. For people only.
    private func writer(of id: ConnectionHolder.ID, _ key: String, _ migration: MigrationReference) async -> String? {
        guard let object = try? await client.get(id.resource, id.name, namespace: migration.namespace) else { return nil }
        return FieldManagers.owner(ofKey: key, in: object)
    }
}

extension ConnectionHolder.ID {
    fileprivate var resource: APIResource { kind == .secret ? Secret.resource : ConfigMap.resource }
}
