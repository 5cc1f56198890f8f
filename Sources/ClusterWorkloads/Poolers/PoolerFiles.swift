import FoundationEssentials
public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts
import StructuredData

/// The poolers' files in the cluster: where they lead, and turning them without losing what stood there.
public struct PoolerFiles: Sendable {
    private let client: KubernetesClient

    public init(client: KubernetesClient) { self.client = client }

    /// What keeps the files from being turned; empty when nothing does.
    /// - Parameter mayBeStaged: they may lead to the target already.
    public func problems(_ migration: MigrationReference, _ plan: Plan, mayBeStaged: Bool) async -> [PreflightProblem] {
        var problems: [PreflightProblem] = []
        for pooler in plan.cutover.poolers ?? [] {
            do {
                let found = try await read(pooler, plan, migration)
                if found.isImmutable {
                    let remedy = "replace it by one without immutable: true"
                    problems.append(.init(reason: .unsupportedObject, message: "\(pooler.file.place) is immutable and cannot be switched; \(remedy)"))
                }
                if found.file.state != .source, !mayBeStaged {
                    let remedy = "correct it, so that every database of the plan leads to the source"
                    problems.append(.init(reason: .connectionElsewhere, message: "\(pooler.file.place) leads to the target already; \(remedy)"))
                }
            } catch let error as ClusterWorkloadsError {
                problems.append(PreflightProblem(error))
            } catch {
                problems.append(PreflightProblem(reading: pooler.file.place, error))
            }
        }
        return problems
    }

    /// Where all files together lead.
    /// - Throws: when one cannot be read, or leads to a third place.
    public func state(_ migration: MigrationReference, _ plan: Plan) async throws -> SecretsState {
        var states: Set<SecretsState> = []
        for pooler in plan.cutover.poolers ?? [] { states.insert(try await read(pooler, plan, migration).file.state) }
        return states.count == 1 ? states.first ?? .mixed : .mixed
    }

    /// Each file changes in one patch that touches its key only, after its original was kept.
    public func point(_ migration: MigrationReference, _ plan: Plan, to side: Side) async throws {
        for pooler in plan.cutover.poolers ?? [] {
            let found = try await read(pooler, plan, migration)
            guard found.file.state != side.files else { continue }
            var text = found.file.text(to: side)
            if side == .target {
                try await keep(found, pooler, migration)
            } else if let kept = try await kept(pooler, migration), let original = try? PoolerFile(kept, of: pooler, in: plan),
                original.text(to: .target) == found.text
            {
                // Ours as it stands: the very bytes come back. What somebody changed meanwhile stays, and only turns.
                text = kept
            }
            try await write(text, found, pooler, migration)
        }
    }
}

extension PoolerFiles {
    private struct Found {
        var file: PoolerFile
        var text: String
        var isImmutable: Bool
        var resourceVersion: String?
    }

    private func read(_ pooler: Plan.Pooler, _ plan: Plan, _ migration: MigrationReference) async throws -> Found {
        let file = pooler.file
        var (value, isImmutable, version): (Data?, Bool?, String?) = (nil, nil, nil)
        switch file.kind {
        case .secret:
            guard let secret = try await client.find(Secret.self, file.name, namespace: migration.namespace) else { throw missing(file) }
            (value, isImmutable, version) = (secret.data?[file.key], secret.immutable, secret.metadata.resourceVersion)
        case .configMap:
            guard let map = try await client.find(ConfigMap.self, file.name, namespace: migration.namespace) else { throw missing(file) }
            (value, isImmutable, version) = (map.data?[file.key].map { Data($0.utf8) }, map.immutable, map.metadata.resourceVersion)
        }
        guard let value else {
            throw ClusterWorkloadsError(.secretMissing, "\(file.place): the object has no such key; add it, or correct spec.cutover.poolers")
        }
        guard let text = String(validating: value, as: UTF8.self) else {
            throw ClusterWorkloadsError(.connectionStringInvalid, "\(file.place): the value is not UTF-8 text; name another key or correct the value")
        }
        return Found(file: try PoolerFile(text, of: pooler, in: plan), text: text, isImmutable: isImmutable == true, resourceVersion: version)
    }

    private func missing(_ file: Plan.Pooler.File) -> ClusterWorkloadsError {
        ClusterWorkloadsError(
            .secretMissing, "\(file.kind.rawValue) \(file.name) does not exist in this namespace; create it, or correct spec.cutover.poolers")
    }

    private func write(_ text: String, _ found: Found, _ pooler: Plan.Pooler, _ migration: MigrationReference) async throws {
        let file = pooler.file
        let (name, namespace) = (file.name, migration.namespace)
        switch file.kind {
        case .secret:
            let patch: JSONValue = .object(["data": .object([file.key: .string(Data(text.utf8).base64EncodedString())])])
            _ = try await client.patch(Secret.self, name, namespace: namespace, .merge(patch, resourceVersion: found.resourceVersion))
        case .configMap:
            let patch: JSONValue = .object(["data": .object([file.key: .string(text)])])
            _ = try await client.patch(ConfigMap.self, name, namespace: namespace, .merge(patch, resourceVersion: found.resourceVersion))
        }
    }

    // MARK: Originals

    /// What is kept already stays: it is the older one. It goes with the other originals, which are found by the same label.
    private func keep(_ found: Found, _ pooler: Plan.Pooler, _ migration: MigrationReference) async throws {
        let secret = Secret(
            metadata: ObjectMeta(
                name: keptName(pooler, migration), namespace: migration.namespace, labels: ClusterNames.labels(migration),
                finalizers: [ClusterNames.originalsFinalizer]),
            type: "Opaque", data: [pooler.file.key: Data(found.text.utf8)])
        do {
            _ = try await client.create(secret)
        } catch {
            guard error.kind == .alreadyExists else { throw error }
        }
    }

    private func kept(_ pooler: Plan.Pooler, _ migration: MigrationReference) async throws -> String? {
        let secret = try await client.find(Secret.self, keptName(pooler, migration), namespace: migration.namespace)
        return secret?.data?[pooler.file.key].flatMap { String(validating: $0, as: UTF8.self) }
    }

    private func keptName(_ pooler: Plan.Pooler, _ migration: MigrationReference) -> String {
        ClusterNames.shortened("dbmigration-\(migration.uid)-\(pooler.file.kind.rawValue.lowercased())-\(pooler.file.name)-\(pooler.name)", to: 253)
    }
}

extension Side {
    fileprivate var files: SecretsState { self == .source ? .source : .target }
}
