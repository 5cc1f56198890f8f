import FoundationEssentials
import HTTPTransport
import KubernetesModel
import StructuredData

extension ClusterConfiguration {
    /// A context of the merged files: the first file that sets a value or a name wins, absent files are skipped.
    /// - Parameters:
    ///   - context: default: the files' `current-context`.
    ///   - namespace: default: the context's.
    /// - Throws: one line that names the file and the field in it.
    public static func kubeconfig(
        paths: [String], context: String? = nil, namespace: String? = nil
    ) throws(ConfigurationError) -> ClusterConfiguration {
        var files: [KubeconfigFile] = []
        for path in paths {
            if let file = try KubeconfigFile(path: path) { files.append(file) }
        }
        guard !files.isEmpty else {
            throw ConfigurationError("no kubeconfig at \(paths.joined(separator: ", ")): set KUBECONFIG or pass --kubeconfig")
        }
        return try MergedKubeconfig(files: files).configuration(context: context, namespace: namespace)
    }
}

struct MergedKubeconfig {
    let files: [KubeconfigFile]

    func configuration(context: String?, namespace: String?) throws(ConfigurationError) -> ClusterConfiguration {
        var current: String?
        for file in files where current == nil { current = try file.root.text("current-context") }
        guard let name = context ?? current else { throw ConfigurationError("kubeconfig \(paths): no current-context is set; pass --context") }
        let chosen = try entry("contexts", "context", named: name)
        guard let cluster = try chosen.text("cluster") else { throw chosen.problem("cluster", "is missing") }
        var configuration = try Self.cluster(entry("clusters", "cluster", named: cluster))
        if let user = try chosen.text("user") { try Self.authenticate(&configuration, entry("users", "user", named: user)) }
        let own = try chosen.text("namespace")
        configuration.namespace = namespace ?? own ?? "default"
        return configuration
    }

    private var paths: String { files.map(\.path).joined(separator: ", ") }

    private func entry(_ list: String, _ member: String, named name: String) throws(ConfigurationError) -> KubeconfigEntry {
        var known: [String] = []
        for file in files {
            if let entry = try file.entry(list, member, named: name) { return entry }
            known += try file.names(list)
        }
        let some = known.prefix(10).map { "'\($0)'" }.joined(separator: ", ") + (known.count > 10 ? " …" : "")
        throw ConfigurationError(
            "kubeconfig \(paths): no \(member) named '\(name)' in \(list); \(known.isEmpty ? "there is none" : "there is \(some)")")
    }

    private static func cluster(_ entry: KubeconfigEntry) throws(ConfigurationError) -> ClusterConfiguration {
        guard let server = try entry.text("server") else { throw entry.problem("server", "is missing") }
        guard isAddress(server) else { throw entry.problem("server", "has to be an address such as https://10.0.0.1:6443, not '\(server)'") }
        var tls = HTTPTLS()
        if let authority = try entry.data("certificate-authority") {
            guard let all = CertificateValidity.all(pem: authority.bytes) else { throw entry.problem(authority.field, "holds no PEM certificate") }
            // Bundles keep old ones beside the new; what is expired alone trusts nobody.
            if let last = all.map(\.notAfter).max(), last < .now {
                throw entry.problem(authority.field, "expired at \(last): fetch the cluster's present certificate authority")
            }
            tls.trust = .pem(authority.bytes)
        }
        tls.verify = try entry.flag("insecure-skip-tls-verify") != true
        var configuration = ClusterConfiguration(server: server, tls: tls)
        if let name = try entry.text("tls-server-name") {
            guard name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-.".contains($0)) }) else {
                throw entry.problem("tls-server-name", "has to be a name such as kubernetes.default.svc")
            }
            configuration.serverName = name
        }
        if let proxy = try entry.text("proxy-url") {
            guard isAddress(proxy, schemes: ["https://", "http://", "socks5://"]) else {
                throw entry.problem("proxy-url", "has to be an address such as http://proxy:3128 or socks5://proxy:1080")
            }
            // As kubectl does: the proxy looks names up. libcurl's `socks5` looks them up here.
            configuration.proxy = Redacted(proxy.hasPrefix("socks5://") ? "socks5h" + proxy.dropFirst(6) : proxy)
        }
        return configuration
    }

    private static func isAddress(_ text: String, schemes: [String] = ["https://", "http://"]) -> Bool {
        guard let scheme = schemes.first(where: { text.hasPrefix($0) }) else { return false }
        return text.utf8.count > scheme.utf8.count && !text.contains { $0.isWhitespace }
    }

    /// In kubectl's order: a token wins over a token file, both over a plugin; a certificate may come in addition.
    private static func authenticate(_ configuration: inout ClusterConfiguration, _ user: KubeconfigEntry) throws(ConfigurationError) {
        for field in ["as", "as-uid", "as-groups", "as-user-extra"] where user.has(field) {
            throw user.problem(field, "is not supported: use credentials of that user")
        }
        switch (try user.data("client-certificate"), try user.data("client-key")) {
        case (let certificate?, let key?): configuration.tls.identity = try identity(certificate, key, user)
        case (nil, nil): break
        case (_?, nil): throw user.problem("client-key", "is missing beside client-certificate")
        case (nil, _?): throw user.problem("client-certificate", "is missing beside client-key")
        }
        if let token = try user.text("token") {
            configuration.credentials = .token(Redacted(token))
        } else if let file = try user.text("tokenFile") {
            configuration.credentials = .tokenFile(user.resolved(file))
        } else if let exec = user.content["exec"], exec != .null {
            configuration.credentials = .exec(try ExecPlugin(exec, of: user, cluster: configuration))
        } else if let field = ["username", "auth-provider"].first(where: user.has) {
            throw user.problem(field, "is not supported: use a token, certificate or exec plugin")
        }
    }

    private static func identity(
        _ certificate: KubeconfigEntry.Bytes, _ key: KubeconfigEntry.Bytes, _ user: KubeconfigEntry
    ) throws(ConfigurationError) -> HTTPClientIdentity {
        guard let validity = CertificateValidity.all(pem: certificate.bytes)?.first else {
            throw user.problem(certificate.field, "holds no PEM certificate")
        }
        guard .now <= validity.notAfter else {
            throw user.problem(certificate.field, "expired at \(validity.notAfter): renew it")
        }
        guard .now >= validity.notBefore else {
            throw user.problem(certificate.field, "is not valid before \(validity.notBefore): check this machine's clock (now \(Time.now))")
        }
        if let problem = ClientKey.problem(key.bytes, for: certificate.bytes) { throw user.problem(key.field, problem) }
        return HTTPClientIdentity(certificate: certificate.bytes, key: Redacted(key.bytes))
    }
}
