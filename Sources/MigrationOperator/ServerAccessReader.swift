import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Synchronization

/// Reads the credentials a plan names: the operator's own, and those that make and serve subscriptions where they are others.
/// Passwords stay in memory; CA certificates go to files, because libpq reads them from there.
struct ServerAccessReader: Sendable {
    /// A Secret by name and namespace.
    let secret: @Sendable (String, String) async throws(KubernetesError) -> Secret
    /// A folder of ours for CA certificates; their names are digests of their content.
    let folder: String
    private let memory = AccessMemory()

    init(client: KubernetesClient, folder: String) {
        self.init(folder: folder) { name, namespace throws(KubernetesError) in try await client.get(Secret.self, name, namespace: namespace) }
    }

    init(folder: String, secret: @escaping @Sendable (String, String) async throws(KubernetesError) -> Secret) {
        self.folder = folder
        self.secret = secret
    }

    /// What was last read, without asking the API server; read now only if it never was.
    func remembered(_ plan: Plan, namespace: String) async -> Result { await read(plan, namespace: namespace, notBefore: nil) }

    /// As a visit needs it: preflight judges what the Secrets hold now, deletion and a write pause make do with what they held, and between them
    /// a glance suffices.
    func read(_ plan: Plan, for visit: VisitContext) async -> Result {
        let namespace = visit.reference.namespace
        // The API server may be away, and a write pause is no time to wait for it; past its end a password may have changed.
        if plan.isLive, let budget = PauseBudget(visit.record) {
            return budget.isSpent(at: .now) ? await lasting(plan, namespace: namespace) : await remembered(plan, namespace: namespace)
        }
        if visit.desired.intent.isDeleted { return await lasting(plan, namespace: namespace) }
        return await visit.facts.contains(.preflight) ? read(plan, namespace: namespace) : recent(plan, namespace: namespace)
    }

    /// For an object that is being deleted, or a fence to undo: read now, and where that fails, as remembered. With a namespace its Secrets go as well, and
    /// before it our finalizer has to tidy both servers.
    private func lasting(_ plan: Plan, namespace: String) async -> Result {
        switch await read(plan, namespace: namespace) {
        case .access(let source, let target): return .access(source: source, target: target)
        case .problems: return await remembered(plan, namespace: namespace)
        }
    }

    /// What was read within the last seconds: visits follow each other closely while a phase is active, and a write pause waits for each.
    func recent(_ plan: Plan, namespace: String) async -> Result { await read(plan, namespace: namespace, notBefore: .now - Self.recent) }

    private static let recent = Duration.seconds(10)

    private func read(_ plan: Plan, namespace: String, notBefore: ContinuousClock.Instant?) async -> Result {
        if let source = memory.access(plan.source, namespace, notBefore: notBefore),
            let target = memory.access(plan.target, namespace, notBefore: notBefore)
        {
            return .access(source: source, target: target)
        }
        return await read(plan, namespace: namespace)
    }

    /// Both servers' access, or every problem on the way there.
    func read(_ plan: Plan, namespace: String) async -> Result {
        async let source = access(plan.source, namespace)
        async let target = access(plan.target, namespace)
        switch await (source, target) {
        case (.success(let source), .success(let target)): return .access(source: source, target: target)
        case (let source, let target):
            return .problems([source, target].compactMap { if case .failure(let problem) = $0 { problem.problem } else { nil } })
        }
    }

    enum Result: Sendable {
        case access(source: ServerAccess, target: ServerAccess)
        case problems([PreflightProblem])
    }

    private struct Failure: Error { var problem: PreflightProblem }

    private func access(_ server: Plan.Server, _ namespace: String) async -> Swift.Result<ServerAccess, Failure> {
        do throws(Failure) {
            let login = try await login(server.credentials, namespace, of: server)
            var authority: String?
            if let key = server.certificateAuthority { authority = try file(await value(key.name, key.key, namespace, of: server), server) }
            var access = ServerAccess(server: server, user: login.user, password: login.password, certificateAuthorityFile: authority)
            await readLogins(&access, namespace)
            memory.remember(access, namespace)
            return .success(access)
        } catch {
            return .failure(error)
        }
    }

    /// Logins that only lanes need. One whose Secret is gone stays as remembered: a fence has to be undone without it.
    private func readLogins(_ access: inout ServerAccess, _ namespace: String) async {
        let (server, known) = (access.server, memory.access(access.server, namespace, notBefore: nil))
        if let reference = server.subscriber {
            do throws(Failure) {
                access.subscriber = try await login(reference, namespace, of: server)
            } catch {
                access.subscriber = known?.subscriber
                access.unreadLogins.append(error.problem)
            }
        }
        if let reference = server.replication?.credentials {
            do throws(Failure) {
                access.replicator = try await login(reference, namespace, of: server)
            } catch {
                access.replicator = known?.replicator
                access.unreadLogins.append(error.problem)
            }
        }
    }

    private func login(_ reference: Plan.CredentialsReference, _ namespace: String, of server: Plan.Server) async throws(Failure) -> Login {
        let user = try await value(reference.name, reference.usernameKey, namespace, of: server)
        let password = try await value(reference.name, reference.passwordKey, namespace, of: server)
        return Login(user: text(user), password: Redacted(text(password)))
    }

    private func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }

    private func value(_ name: String, _ key: String, _ namespace: String, of server: Plan.Server) async throws(Failure) -> Data {
        let secret: Secret
        do {
            secret = try await self.secret(name, namespace)
        } catch {
            if error.kind == .notFound {
                let message = "Secret \(namespace)/\(name) for server \(server.host) does not exist: create it with key \(key)"
                throw Failure(problem: .init(reason: .secretMissing, message: message))
            }
            throw Failure(
                problem: .init(
                    reason: error.kind == .forbidden ? .forbidden : .observationFailed,
                    message: "Secret \(namespace)/\(name) cannot be read: \(error)"))
        }
        guard let data = secret.data?[key], !data.isEmpty else {
            let keys = (secret.data ?? [:]).keys.sorted().joined(separator: ", ")
            throw Failure(
                problem: .init(
                    reason: .secretMissing, message: "Secret \(namespace)/\(name) for server \(server.host) has no key \(key) (it has: \(keys))"))
        }
        return data
    }

    private func file(_ certificates: Data, _ server: Plan.Server) throws(Failure) -> String {
        var digest: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in certificates { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let path = "\(folder)/ca-\(String(digest, radix: 16)).pem"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try certificates.write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw Failure(problem: .init(reason: .observationFailed, message: "The CA of \(server.host) cannot be written to \(folder): \(error)"))
        }
        return path
    }
}

/// The access last read for each server, in memory only, so that a fence can be undone while the API server does not answer.
private final class AccessMemory: Sendable {
    private struct Key: Hashable {
        var server: Plan.Server
        var namespace: String
    }

    private let known = Mutex<[Key: (access: ServerAccess, readAt: ContinuousClock.Instant)]>([:])

    /// - Parameter instant: what was read earlier does not count; `nil` counts everything.
    func access(_ server: Plan.Server, _ namespace: String, notBefore instant: ContinuousClock.Instant?) -> ServerAccess? {
        guard let found = known.withLock({ $0[Key(server: server, namespace: namespace)] }) else { return nil }
        return instant.map { found.readAt < $0 } == true ? nil : found.access
    }

    func remember(_ access: ServerAccess, _ namespace: String) {
        known.withLock { $0[Key(server: access.server, namespace: namespace)] = (access, .now) }
    }
}
