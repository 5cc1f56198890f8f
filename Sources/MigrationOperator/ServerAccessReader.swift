import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// Reads the admin credentials a plan names. Passwords stay in memory; CA certificates go to files, because libpq reads them from there.
struct ServerAccessReader: Sendable {
    let client: KubernetesClient
    /// A folder of ours for CA certificates; their names are digests of their content.
    let folder: String

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
            let reference = server.credentials
            let user = try await value(reference.name, reference.usernameKey, namespace, of: server)
            let password = try await value(reference.name, reference.passwordKey, namespace, of: server)
            var authority: String?
            if let key = server.certificateAuthority { authority = try file(await value(key.name, key.key, namespace, of: server), server) }
            return .success(ServerAccess(server: server, user: text(user), password: Redacted(text(password)), certificateAuthorityFile: authority))
        } catch {
            return .failure(error)
        }
    }

    private func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }

    private func value(_ name: String, _ key: String, _ namespace: String, of server: Plan.Server) async throws(Failure) -> Data {
        let secret: Secret
        do {
            secret = try await client.get(Secret.self, name, namespace: namespace)
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
