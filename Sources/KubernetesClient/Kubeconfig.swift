import FoundationEssentials
import HTTPTransport
import StructuredData
import YAML

extension ClusterConfiguration {
    /// A context of the merged files: the first file that sets a value or a name wins, absent files are skipped.
    /// - Parameters:
    ///   - context: default: the files' `current-context`.
    ///   - namespace: default: the context's.
    public static func kubeconfig(
        paths: [String], context: String? = nil, namespace: String? = nil
    ) throws(ConfigurationError) -> ClusterConfiguration {
        var files: [KubeconfigFile] = []
        for path in paths {
            if let data = FileManager.default.contents(atPath: path) {
                files.append(try KubeconfigFile(path: path, text: String(decoding: data, as: UTF8.self)))
            }
        }
        guard !files.isEmpty else {
            throw ConfigurationError("no kubeconfig at \(paths.joined(separator: ", ")): set KUBECONFIG or pass --kubeconfig")
        }
        return try MergedKubeconfig(files: files).configuration(context: context, namespace: namespace)
    }
}

/// One file, and the folder its relative paths start from.
struct KubeconfigFile {
    let path: String
    let content: JSONValue

    init(path: String, text: String) throws(ConfigurationError) {
        self.path = path
        do throws(YAMLError) {
            content = try YAML.decode(text).first ?? [:]
        } catch {
            throw ConfigurationError("kubeconfig \(path): \(error)")
        }
    }

    /// The entry of that name in the list `list`, without its name.
    func entry(_ list: String, _ member: String, named name: String) -> KubeconfigEntry? {
        let found = content[list]?.array?.first { $0["name"]?.string == name }
        return found.map { KubeconfigEntry(content: $0[member] ?? [:], path: path, label: "\(member) '\(name)'") }
    }
}

/// A cluster, user or context.
struct KubeconfigEntry {
    let content: JSONValue
    /// Of the file the entry is in.
    let path: String
    /// For messages: `user 'admin'`.
    let label: String

    func text(_ key: String) -> String? { content[key]?.string.flatMap { $0.isEmpty ? nil : $0 } }

    /// A path in the file, relative to the file's folder.
    func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = self.path.lastIndex(of: "/") else { return path }
        return self.path[...slash] + path
    }

    /// The bytes of `<key>-data`, or else of the file named by `<key>`.
    func data(_ key: String) throws(ConfigurationError) -> Data? {
        if let inline = text(key + "-data") {
            guard let data = Data(base64Encoded: inline) else {
                throw ConfigurationError("kubeconfig \(path): \(key)-data of \(label) is not base64")
            }
            return data
        }
        guard let file = text(key).map(resolved) else { return nil }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ConfigurationError("kubeconfig \(path): \(key) of \(label) names \(file), which cannot be read")
        }
        return data
    }
}

struct MergedKubeconfig {
    let files: [KubeconfigFile]

    func configuration(context: String?, namespace: String?) throws(ConfigurationError) -> ClusterConfiguration {
        let current = files.lazy.compactMap { $0.content["current-context"]?.string }.first { !$0.isEmpty }
        guard let name = context ?? current else { throw ConfigurationError("the kubeconfig has no current-context: pass --context") }
        let chosen = try entry("contexts", "context", named: name)
        guard let cluster = chosen.text("cluster") else { throw ConfigurationError("context '\(name)' names no cluster") }
        var configuration = try Self.cluster(entry("clusters", "cluster", named: cluster))
        if let user = chosen.text("user") { try Self.authenticate(&configuration, entry("users", "user", named: user)) }
        configuration.namespace = namespace ?? chosen.text("namespace") ?? "default"
        return configuration
    }

    private func entry(_ list: String, _ member: String, named name: String) throws(ConfigurationError) -> KubeconfigEntry {
        for file in files {
            if let entry = file.entry(list, member, named: name) { return entry }
        }
        throw ConfigurationError("no \(member) named '\(name)' in \(files.map(\.path).joined(separator: ", "))")
    }

    private static func cluster(_ entry: KubeconfigEntry) throws(ConfigurationError) -> ClusterConfiguration {
        guard let server = entry.text("server") else { throw ConfigurationError("kubeconfig \(entry.path): \(entry.label) has no server") }
        var tls = HTTPTLS()
        if let authority = try entry.data("certificate-authority") { tls.trust = .pem(authority) }
        tls.verify = entry.content["insecure-skip-tls-verify"]?.bool != true
        if let name = entry.text("tls-server-name") {
            throw ConfigurationError(
                "kubeconfig \(entry.path): \(entry.label) sets tls-server-name (\(name)), which is not supported: use that name as server")
        }
        return ClusterConfiguration(server: server, tls: tls)
    }

    /// In kubectl's order: a token wins over a token file, both over a plugin; a certificate may come in addition.
    private static func authenticate(_ configuration: inout ClusterConfiguration, _ user: KubeconfigEntry) throws(ConfigurationError) {
        switch (try user.data("client-certificate"), try user.data("client-key")) {
        case (let certificate?, let key?): configuration.tls.identity = HTTPClientIdentity(certificate: certificate, key: Redacted(key))
        case (nil, nil): break
        default: throw ConfigurationError("kubeconfig \(user.path): \(user.label) needs both client-certificate and client-key")
        }
        if let token = user.text("token") {
            configuration.credentials = .token(Redacted(token))
        } else if let file = user.text("tokenFile") {
            configuration.credentials = .tokenFile(user.resolved(file))
        } else if let exec = user.content["exec"] {
            configuration.credentials = .exec(try ExecPlugin(exec, of: user, cluster: configuration))
        } else if user.text("username") != nil || user.content["auth-provider"] != nil {
            throw ConfigurationError(
                "kubeconfig \(user.path): \(user.label) uses a password or an auth-provider: use a token, certificate or exec plugin"
            )
        }
    }
}
