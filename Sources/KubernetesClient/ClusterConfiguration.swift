public import FoundationEssentials
public import HTTPTransport
public import StructuredData

/// Where the API server is, how to trust it, and who we are.
public struct ClusterConfiguration: Sendable {
    /// Such as `https://127.0.0.1:6443`; a path is kept.
    public var server: String
    /// Holds the client certificate too, if there is one.
    public var tls: HTTPTLS
    public var credentials: Credentials
    /// For requests that name none. Default `default`.
    public var namespace: String
    /// The name in the server's certificate, where it is not the one in `server`; `nil` (the default): that one.
    public var serverName: String?
    /// The address of a proxy, which may hold a password; `nil` (the default): what the usual variables say.
    public var proxy: Redacted<String>?

    public init(server: String, tls: HTTPTLS = HTTPTLS(), credentials: Credentials = .none, namespace: String = "default") {
        self.server = server
        self.tls = tls
        self.credentials = credentials
        self.namespace = namespace
    }

    /// `$KUBECONFIG` when set, else the in-cluster files when in a Pod, else `~/.kube/config`.
    public static func load(
        environment: [String: String] = ProcessInfo.processInfo.environment, context: String? = nil, namespace: String? = nil
    ) throws(ConfigurationError) -> ClusterConfiguration {
        let paths = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !paths.isEmpty { return try kubeconfig(paths: paths, context: context, namespace: namespace) }
        if environment["KUBERNETES_SERVICE_HOST"] != nil, context == nil {
            var configuration = try inCluster(environment: environment)
            if let namespace { configuration.namespace = namespace }
            return configuration
        }
        return try kubeconfig(paths: [(environment["HOME"] ?? "") + "/.kube/config"], context: context, namespace: namespace)
    }

    /// The ServiceAccount of the Pod we run in.
    /// - Parameter root: the folder the kubelet mounts `token`, `ca.crt` and `namespace` at.
    public static func inCluster(
        environment: [String: String] = ProcessInfo.processInfo.environment, root: String = "/var/run/secrets/kubernetes.io/serviceaccount"
    ) throws(ConfigurationError) -> ClusterConfiguration {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"] else {
            throw ConfigurationError("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set: this is no Pod")
        }
        for file in ["token", "ca.crt"] where FileManager.default.contents(atPath: "\(root)/\(file)") == nil {
            throw ConfigurationError("\(root)/\(file) cannot be read; does the Pod set automountServiceAccountToken: false?")
        }
        let namespace = FileManager.default.contents(atPath: "\(root)/namespace").map { String(decoding: $0, as: UTF8.self).trimmed } ?? ""
        return ClusterConfiguration(
            server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)", tls: HTTPTLS(trust: .file("\(root)/ca.crt")),
            credentials: .tokenFile("\(root)/token"), namespace: namespace.isEmpty ? "default" : namespace)
    }
}

/// How we prove who we are, apart from a client certificate.
public enum Credentials: Sendable {
    case none
    case token(Redacted<String>)
    /// Read again when it may have changed: the kubelet rotates these.
    case tokenFile(String)
    case exec(ExecPlugin)
}

/// A configuration that cannot be used, and what to change.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    public var message: String
    public var description: String { message }

    public init(_ message: String) { self.message = message }
}

extension StringProtocol {
    /// Without white space at either end.
    var trimmed: String {
        var text = self[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
