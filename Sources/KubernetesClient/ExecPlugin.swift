import FoundationEssentials
import HTTPTransport
import StructuredData
import Subprocess

/// A program that makes credentials: `client.authentication.k8s.io/v1` or `v1beta1`.
public struct ExecPlugin: Sendable {
    static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    var apiVersion: String
    /// A name to look up, or a path.
    var command: String
    var arguments: [String]
    var environment: [String: String]
    var installHint: String?
    /// Given to the program in `KUBERNETES_EXEC_INFO` when it asks for it.
    var cluster: JSONValue?
}

extension ExecPlugin {
    init(_ exec: JSONValue, of user: KubeconfigEntry, cluster: ClusterConfiguration) throws(ConfigurationError) {
        let version = exec["apiVersion"]?.string ?? ""
        guard Self.versions.contains(version) else {
            throw ConfigurationError(
                "kubeconfig \(user.path): the exec plugin of \(user.label) has apiVersion '\(version)', not one of \(Self.versions)")
        }
        guard let command = exec["command"]?.string, !command.isEmpty else {
            throw ConfigurationError("kubeconfig \(user.path): the exec plugin of \(user.label) has no command")
        }
        apiVersion = version
        // As kubectl does: a bare name is looked up, a relative path starts at the file's folder.
        self.command = command.contains("/") ? user.resolved(command) : command
        arguments = (exec["args"]?.array ?? []).compactMap(\.string)
        let pairs = (exec["env"]?.array ?? []).compactMap { pair in pair["name"]?.string.map { ($0, pair["value"]?.string ?? "") } }
        environment = Dictionary(pairs) { $1 }
        installHint = exec["installHint"]?.string
        if exec["provideClusterInfo"]?.bool == true { self.cluster = Self.info(cluster) }
    }

    private static func info(_ cluster: ClusterConfiguration) -> JSONValue {
        var info: JSONValue = ["server": .string(cluster.server)]
        if !cluster.tls.verify { info["insecure-skip-tls-verify"] = true }
        if case .pem(let authority) = cluster.tls.trust { info["certificate-authority-data"] = .string(authority.base64EncodedString()) }
        return info
    }

    /// Runs the program. Its standard error is passed on only when it fails; its standard output holds the secret and goes nowhere.
    func run() async throws(ConfigurationError) -> ExecCredential {
        let output: String
        do {
            // `sh` replaces itself by the command, which may be a name or a path; nothing of it is parsed by the shell.
            let result = try await Subprocess.run(
                .name("sh"), arguments: Arguments(["-c", "exec \"$0\" \"$@\"", command] + arguments), environment: try childEnvironment(),
                output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
            guard result.terminationStatus.isSuccess else {
                let hint = installHint.map { " \($0)" } ?? ""
                throw ConfigurationError(
                    "the credential plugin \(command) failed (\(result.terminationStatus)): \(result.standardError.trimmed)\(hint)")
            }
            output = result.standardOutput
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError("the credential plugin \(command) could not be run: \(error)")
        }
        return try ExecCredential(output, from: self)
    }

    private func childEnvironment() throws -> Environment {
        var spec: JSONValue = ["interactive": false]
        if let cluster { spec["cluster"] = cluster }
        let info: JSONValue = ["apiVersion": .string(apiVersion), "kind": "ExecCredential", "spec": spec]
        var values = environment
        values["KUBERNETES_EXEC_INFO"] = try JSON.text(info)
        return .inherit.updating(Dictionary(uniqueKeysWithValues: values.map { (Environment.Key(stringLiteral: $0.key), $0.value as String?) }))
    }
}
