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
    /// For messages: the kubeconfig, the user in it, and the command.
    var label: String
    /// A program that takes longer hangs: cloud providers' take a second or two. Default 30 s.
    var limit: Duration = .seconds(30)
}

extension ExecPlugin {
    init(_ exec: JSONValue, of user: KubeconfigEntry, cluster: ClusterConfiguration) throws(ConfigurationError) {
        let exec = KubeconfigEntry(content: exec, path: user.path, label: "the exec plugin of \(user.label ?? "a user")")
        let version = try exec.text("apiVersion") ?? ""
        guard Self.versions.contains(version) else {
            throw exec.problem("apiVersion", "is '\(version)', not one of \(Self.versions.joined(separator: ", "))")
        }
        guard let command = try exec.text("command") else { throw exec.problem("command", "is missing") }
        if try exec.text("interactiveMode") == "Always" { throw exec.problem("interactiveMode", "is 'Always', but there is no terminal here") }
        apiVersion = version
        // As kubectl does: a bare name is looked up, a relative path starts at the file's folder.
        self.command = command.contains("/") ? user.resolved(command) : command
        arguments = try exec.list("args").enumerated().map { index, value throws(ConfigurationError) in
            guard let text = value.string else { throw exec.problem("args[\(index)]", "is \(value.kindName), not a text: put it into quotes") }
            return text
        }
        environment = [:]
        for (index, pair) in try exec.list("env").enumerated() {
            guard pair.object != nil else { throw exec.problem("env[\(index)]", "is \(pair.kindName), not a mapping") }
            let variable = KubeconfigEntry(content: pair, path: user.path, label: "env[\(index)] of \(exec.label ?? "")")
            guard let name = try variable.text("name") else { throw variable.problem("name", "is missing") }
            environment[name] = try variable.text("value") ?? ""
        }
        installHint = try exec.text("installHint")
        label = "kubeconfig \(user.path): the exec plugin of \(user.label ?? "a user") (\(command))"
        if try exec.flag("provideClusterInfo") == true { self.cluster = Self.info(cluster) }
    }

    private static func info(_ cluster: ClusterConfiguration) -> JSONValue {
        var info: JSONValue = ["server": .string(cluster.server)]
        if let name = cluster.serverName { info["tls-server-name"] = .string(name) }
        if !cluster.tls.verify { info["insecure-skip-tls-verify"] = true }
        if case .pem(let authority) = cluster.tls.trust { info["certificate-authority-data"] = .string(authority.base64EncodedString()) }
        return info
    }

    /// Runs the program. Its standard error is passed on only when it fails; its standard output holds the secret and goes nowhere.
    func run() async throws(ConfigurationError) -> ExecCredential {
        // In a session of its own: what it started goes with it.
        var options = PlatformOptions()
        options.createSession = true
        options.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .seconds(1))]
        let output: String
        do {
            // `sh` replaces itself by the command, which may be a name or a path; nothing of it is parsed by the shell.
            let result = try await Subprocess.run(
                .name("sh"), arguments: Arguments(["-c", "exec \"$0\" \"$@\"", command] + arguments), environment: try childEnvironment(),
                platformOptions: options, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            guard result.terminationStatus.isSuccess else {
                if Task.isCancelled { throw late }
                let hint = installHint.map { "; " + Self.line($0) } ?? ""
                throw problem("failed (\(result.terminationStatus)): \(Self.line(result.standardError))\(hint)")
            }
            output = result.standardOutput
        } catch let error as ConfigurationError {
            throw error
        } catch {
            if Task.isCancelled { throw late }
            throw problem("could not be run: \(Self.line("\(error)"))")
        }
        return try ExecCredential(output, from: self)
    }

    private var late: ConfigurationError { problem("did not end within \(limit.components.seconds) s") }

    func problem(_ text: String) -> ConfigurationError { ConfigurationError("\(label) \(text)") }

    /// One line of at most 500 characters.
    private static func line(_ text: String) -> String {
        let words = text.split { $0.isNewline }.map(\.trimmed).filter { !$0.isEmpty }.joined(separator: " · ")
        return words.count > 500 ? words.prefix(500) + "…" : words
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
