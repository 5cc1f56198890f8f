import Foundation
import HTTPTransport
import StructuredData
import Testing

@testable import KubernetesClient

@Suite("kubeconfig and in-cluster files")
struct KubeconfigTests {
    private static let config = """
        apiVersion: v1
        kind: Config
        current-context: one
        clusters:
        - {name: c, cluster: {server: "https://h:6443/", certificate-authority: ca.pem}}
        - {name: open, cluster: {server: "https://o", insecure-skip-tls-verify: true, certificate-authority-data: \(Data(TestCertificates.valid.utf8).base64EncodedString())}}
        users:
        - {name: token, user: {token: t0ken}}
        - {name: both, user: {client-certificate: cert.pem, client-key-data: \(Data(TestCertificates.key.utf8).base64EncodedString()), tokenFile: token}}
        - {name: half, user: {client-certificate: cert.pem}}
        - {name: old, user: {username: u, password: p}}
        contexts:
        - {name: one, context: {cluster: c, user: token, namespace: ns}}
        - {name: two, context: {cluster: open, user: both}}
        - {name: half, context: {cluster: c, user: half}}
        - {name: old, context: {cluster: c, user: old}}
        - {name: lost, context: {cluster: nowhere, user: token}}
        """

    @Test("a context brings server, authority, token and namespace; paths start at the file")
    func context() async throws {
        try await withFiles(["config": Self.config, "ca.pem": TestCertificates.valid]) { folder in
            let configuration = try ClusterConfiguration.kubeconfig(paths: ["\(folder)/absent", "\(folder)/config"])
            #expect(configuration.server == "https://h:6443/")
            #expect(configuration.tls == HTTPTLS(trust: .pem(Data(TestCertificates.valid.utf8))))
            #expect(configuration.namespace == "ns")
            guard case .token(let token) = configuration.credentials else { return #expect(Bool(false), "no token") }
            #expect(token.reveal() == "t0ken")
        }
    }

    @Test("the server's name in its certificate, and a SOCKS proxy, which looks names up as it does for kubectl")
    func nameAndProxy() async throws {
        let text = """
            current-context: x
            clusters: [{name: c, cluster: {server: "https://10.0.0.1:6443/k", tls-server-name: kubernetes.default.svc, proxy-url: "socks5://p:1080"}}]
            contexts: [{name: x, context: {cluster: c}}]
            """
        try await withFiles(["config": text]) { folder in
            let configuration = try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"])
            #expect(configuration.serverName == "kubernetes.default.svc")
            #expect(configuration.proxy?.reveal() == "socks5h://p:1080")
        }
    }

    @Test(
        "with tls-server-name requests name that host, and go to the server's own",
        arguments: [
            ("https://10.0.0.1:6443/k/", "https://n:6443/k", "10.0.0.1:6443"), ("https://h", "https://n:443", "h:443"),
            ("https://[fd00::1]", "https://n:443", "[fd00::1]:443"), ("https://[fd00::1]:6443", "https://n:6443", "[fd00::1]:6443"),
            ("http://h:8080", "http://h:8080", nil),
        ])
    func serverAddress(server: String, url: String, connectTo: String?) {
        var configuration = ClusterConfiguration(server: server)
        #expect(ServerAddress(configuration).connectTo == nil)
        configuration.serverName = "n"
        #expect(ServerAddress(configuration).url == url)
        #expect(ServerAddress(configuration).connectTo == connectTo)
    }

    @Test("client certificates, inline data, a token file, and no verification only when asked for")
    func certificates() async throws {
        try await withFiles(["config": Self.config, "cert.pem": TestCertificates.valid, "token": " abc\n"]) { folder in
            let configuration = try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"], context: "two", namespace: "other")
            #expect(configuration.tls.verify == false)
            #expect(configuration.tls.trust == .pem(Data(TestCertificates.valid.utf8)))
            #expect(
                configuration.tls.identity
                    == HTTPClientIdentity(certificate: Data(TestCertificates.valid.utf8), key: Redacted(Data(TestCertificates.key.utf8))))
            #expect(configuration.namespace == "other")
            #expect(try await CredentialSource(configuration.credentials).current().token?.reveal() == "abc")
        }
    }

    @Test(
        "what is wrong is named",
        arguments: [
            ("half", "client-key of user 'half' is missing"), ("old", "username of user 'old' is not supported: use a token"),
            ("lost", "no cluster named 'nowhere' in clusters"),
            ("none", "no context named 'none' in contexts; there is 'one', 'two'"),
        ])
    func problems(context: String, part: String) async throws {
        try await withFiles(["config": Self.config, "ca.pem": TestCertificates.valid, "cert.pem": TestCertificates.valid]) { folder in
            let error = #expect(throws: ConfigurationError.self) {
                try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"], context: context)
            }
            #expect(error?.message.contains(part) == true)
        }
    }

    @Test("the first of several files wins")
    func merge() async throws {
        let second = "current-context: two\nusers:\n- {name: token, user: {token: other}}\ncontexts: []\n"
        try await withFiles(["config": Self.config, "second": second, "ca.pem": TestCertificates.valid]) { folder in
            let configuration = try ClusterConfiguration.load(environment: ["KUBECONFIG": "\(folder)/second:\(folder)/config"], context: "one")
            guard case .token(let token) = configuration.credentials else { return #expect(Bool(false), "no token") }
            #expect(token.reveal() == "other")
        }
    }

    private static func pluginConfig(_ version: String) -> String {
        """
        current-context: x
        clusters: [{name: c, cluster: {server: "https://h"}}]
        users:
        - name: u
          user:
            exec:
                  apiVersion: \(version)
                  command: ./plugin
                  args: [a, "b c"]
                  env: [{name: SUFFIX, value: "!"}]
                  provideClusterInfo: true
                  installHint: get it
        contexts: [{name: x, context: {cluster: c, user: u}}]
        """
    }

    @Test("an exec plugin gets arguments, variables and the cluster, and is run once", arguments: ExecPlugin.versions)
    func plugin(version: String) async throws {
        let plugin = """
            #!/bin/sh
            echo run >> "$(dirname "$0")/runs"
            server=$(echo "$KUBERNETES_EXEC_INFO" | grep -o 'https://h')
            echo '{"apiVersion":"\(version)","kind":"ExecCredential","status":{"token":"'"$1-$2-$server$SUFFIX"'"}}'
            """
        try await withFiles(["config": Self.pluginConfig(version), "plugin": plugin]) { folder in
            let source = CredentialSource(try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"]).credentials)
            async let first = source.current()
            async let second = source.current()
            #expect(try await first.token?.reveal() == "a-b c-https://h!")
            #expect(try await second.token?.reveal() == "a-b c-https://h!")
            #expect(try String(contentsOfFile: "\(folder)/runs", encoding: .utf8) == "run\n")
            #expect(try await source.renew(source.current()))
            _ = try await source.current()
            #expect(try String(contentsOfFile: "\(folder)/runs", encoding: .utf8) == "run\nrun\n")
        }
    }

    @Test("a failing plugin says why, without what it printed")
    func failingPlugin() async throws {
        let version = ExecPlugin.versions[0]
        let plugin = "#!/bin/sh\necho secret\necho sorry >&2\nexit 3\n"
        try await withFiles(["config": Self.pluginConfig(version), "plugin": plugin]) { folder in
            let source = CredentialSource(try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"]).credentials)
            let error = await #expect(throws: ConfigurationError.self) { try await source.current() }
            #expect(error?.message.contains("sorry; get it") == true)
            #expect(error?.message.contains("secret") == false)
        }
    }

    @Test("an unknown plugin version is refused")
    func unknownVersion() async throws {
        try await withFiles(["config": Self.pluginConfig("client.authentication.k8s.io/v1alpha1")]) { folder in
            #expect(throws: ConfigurationError.self) { try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"]) }
        }
    }

    @Test("in a Pod: address from variables, files from the mounted folder")
    func inCluster() async throws {
        try await withFiles(["token": "tok\n", "ca.crt": "CA", "namespace": "ops\n"]) { folder in
            let environment = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
            let configuration = try ClusterConfiguration.inCluster(environment: environment, root: folder)
            #expect(configuration.server == "https://[fd00::1]:443")
            #expect(configuration.namespace == "ops")
            #expect(configuration.tls == HTTPTLS(trust: .file("\(folder)/ca.crt")))
            let source = CredentialSource(configuration.credentials)
            #expect(try await source.current().token?.reveal() == "tok")
            let old = try await source.current()
            try Data("new".utf8).write(to: URL(fileURLWithPath: "\(folder)/token"))
            #expect(await source.renew(old))
            #expect(try await source.current().token?.reveal() == "new")
        }
        #expect(throws: ConfigurationError.self) { try ClusterConfiguration.inCluster(environment: [:]) }
    }
}
