import Foundation
import HTTPTransport
import KubernetesModel
import Testing

@testable import KubernetesClient

/// Whatever is wrong: one line that names the file and the field, and no value of a secret.
@Suite("a wrong kubeconfig", .timeLimit(.minutes(5)))
struct WrongKubeconfigTests {
    private static func config(cluster: String = "server: \"https://h\"", user: String = "token: t", rest: String = "") -> String {
        """
        current-context: x
        clusters: [{name: c, cluster: {\(cluster)}}]
        users: [{name: u, user: {\(user)}}]
        contexts: [{name: x, context: {cluster: c, user: u}}]
        \(rest)
        """
    }

    private static func exec(_ fields: String) -> String {
        config(user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: c, \(fields)}")
    }

    private static func data(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    private static let key = "client-key-data: \(data(TestCertificates.key))"

    static let cases: [(String, text: String, says: String)] = [
        ("not YAML", "{ no: [", "YAML line 2"),
        ("another file", "-----BEGIN CERTIFICATE-----", "the file is a text, not a mapping"),
        ("a list", "- a\n- b", "the file is a list, not a mapping"),
        ("empty", "", "no current-context is set; pass --context"),
        ("a number as token", config(user: "token: 12345"), "token of user 'u' is a number, not a text: put it into quotes"),
        (
            "users that are no list", "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: {}",
            "clusters is a mapping, not a list"
        ),
        ("a user that is no mapping", config().replacing("{token: t}", with: "[token]"), "user of 'u' in users is a list, not a mapping"),
        ("no server", config(cluster: "a: b"), "server of cluster 'c' is missing"),
        ("no address", config(cluster: "server: \"h:6443\""), "server of cluster 'c' has to be an address such as https://"),
        (
            "a word for a flag", config(cluster: "server: \"https://h\", insecure-skip-tls-verify: sure"),
            "insecure-skip-tls-verify of cluster 'c' is a text"
        ),
        (
            "authority not base64", config(cluster: "server: \"https://h\", certificate-authority-data: \"%%\""),
            "certificate-authority-data of cluster 'c' is not base64"
        ),
        (
            "authority no PEM", config(cluster: "server: \"https://h\", certificate-authority-data: QUJD"),
            "certificate-authority-data of cluster 'c' holds no PEM certificate"
        ),
        ("authority missing", config(cluster: "server: \"https://h\", certificate-authority: ca.pem"), "ca.pem, which is missing"),
        ("authority a folder", config(cluster: "server: \"https://h\", certificate-authority: /"), "/, which cannot be read: Is a directory"),
        ("authority without an end", config(cluster: "server: \"https://h\", certificate-authority: /dev/zero"), "which is larger than 4 MiB"),
        ("proxy", config(cluster: "server: \"https://h\", proxy-url: \"p:1\""), "proxy-url of cluster 'c' has to be an address"),
        (
            "a proxy nobody speaks", config(cluster: "server: \"https://h\", proxy-url: \"ftp://p:1\""),
            "proxy-url of cluster 'c' has to be an address"
        ),
        (
            "a server's name that is none", config(cluster: "server: \"https://h\", tls-server-name: \"a b\""),
            "tls-server-name of cluster 'c' has to be a name"
        ),
        (
            "a server's name that is not ASCII", config(cluster: "server: \"https://h\", tls-server-name: \"ä\""),
            "tls-server-name of cluster 'c' has to be a name"
        ),
        (
            "expired", config(user: "client-certificate-data: \(data(TestCertificates.expired)), \(key)"),
            "client-certificate-data of user 'u' expired at 2001-01-01T00:00:00Z"
        ),
        (
            "a key that is none", config(user: "client-certificate-data: \(data(TestCertificates.valid)), client-key-data: QUJD"),
            "client-key-data of user 'u' holds no PEM private key"
        ),
        (
            "a key of garbage",
            config(
                user: "client-certificate-data: \(data(TestCertificates.valid)), client-key-data: "
                    + data("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")),
            "client-key-data of user 'u' holds no PEM private key"
        ),
        (
            "another's key",
            config(user: "client-certificate-data: \(data(TestCertificates.valid)), client-key-data: \(data(TestCertificates.otherKey))"),
            "client-key-data of user 'u' is the key of another certificate than the one beside it"
        ),
        (
            "an encrypted key",
            config(user: "client-certificate-data: \(data(TestCertificates.valid)), client-key-data: \(data(TestCertificates.encryptedKey))"),
            "client-key-data of user 'u' is encrypted with a passphrase"
        ),
        (
            "not valid yet", config(user: "client-certificate-data: \(data(TestCertificates.future)), \(key)"),
            "client-certificate-data of user 'u' is not valid before 2100-01-01T00:00:00Z"
        ),
        (
            "authority expired", config(cluster: "server: \"https://h\", certificate-authority-data: \(data(TestCertificates.expired))"),
            "certificate-authority-data of cluster 'c' expired at 2001-01-01T00:00:00Z"
        ),
        ("impersonation", config(user: "token: t, as: admin"), "as of user 'u' is not supported"),
        ("no command", config(user: "exec: {apiVersion: client.authentication.k8s.io/v1}"), "command of the exec plugin of user 'u' is missing"),
        (
            "a terminal", config(user: "exec: {apiVersion: client.authentication.k8s.io/v1, command: c, interactiveMode: Always}"),
            "interactiveMode of the exec plugin of user 'u' is 'Always'"
        ),
        ("a number as argument", exec("args: [get, 8080]"), "args[1] of the exec plugin of user 'u' is a number, not a text: put it into quotes"),
        ("arguments that are no list", exec("args: \"--x\""), "args of the exec plugin of user 'u' is a text, not a list"),
        ("a variable that is a number", exec("env: [{name: P, value: 12345}]"), "value of env[0] of the exec plugin of user 'u' is a number"),
        ("a variable without a name", exec("env: [{value: x}]"), "name of env[0] of the exec plugin of user 'u' is missing"),
        ("a variable that is a text", exec("env: [P=x]"), "env[0] of the exec plugin of user 'u' is a text, not a mapping"),
        ("a bomb of aliases", config(rest: bomb), "aliases expand to more than"),
        ("a bomb of brackets", config(rest: "deep: " + String(repeating: "[", count: 1 << 20)), "nested deeper than"),
        ("a bomb of bytes", config(rest: "large: " + String(repeating: "x", count: 10 << 20)), " is larger than 4 MiB"),
    ]

    private static let bomb =
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + zip("bcdefghi", "abcdefgh").map { "\($0): &\($0) [\(Array(repeating: "*\($1)", count: 10).joined(separator: ","))]" }.joined(
            separator: "\n")

    @Test("says file and field", arguments: cases)
    func says(name: String, text: String, says: String) async throws {
        try await withFiles(["config": text]) { folder in
            let start = ContinuousClock.now
            let error = #expect(throws: ConfigurationError.self, "\(name)") { try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"]) }
            let message = error?.message ?? ""
            #expect(message.hasPrefix("kubeconfig \(folder)/config"), "\(message.prefix(300))")
            #expect(message.contains(says), "\(message.prefix(300))")
            #expect(!message.contains { $0.isNewline } && message.utf8.count < 600)
            #expect(!message.contains("12345"))
            #expect(start.duration(to: .now) < .seconds(10))
        }
    }

    @Test("no file, and one that cannot be read, are two things")
    func unreadable() async throws {
        try await withFiles([:]) { folder in
            let missing = #expect(throws: ConfigurationError.self) { try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"]) }
            #expect(missing?.message == "no kubeconfig at \(folder)/config: set KUBECONFIG or pass --kubeconfig")
            let directory = #expect(throws: ConfigurationError.self) { try ClusterConfiguration.kubeconfig(paths: [folder]) }
            #expect(directory?.message == "kubeconfig \(folder) cannot be read: Is a directory")
        }
    }

    @Test("of a bundle of authorities one has to be valid")
    func bundle() async throws {
        let bundle = "old\n\(TestCertificates.expired)\nnew\n\(TestCertificates.valid)\n"
        try await withFiles([
            "config": Self.config(cluster: "server: \"https://h\", certificate-authority-data: \(Self.data(bundle))")
        ]) { folder in
            let configuration = try ClusterConfiguration.kubeconfig(paths: ["\(folder)/config"])
            #expect(configuration.tls.trust == .pem(Data(bundle.utf8)))
        }
    }

    @Test("a certificate's beginning and end are read in both notations")
    func validity() throws {
        let both = try #require(CertificateValidity.all(pem: Data("\(TestCertificates.valid)\n\(TestCertificates.expired)".utf8)))
        #expect(both.map(\.notBefore.description) == ["2020-01-01T00:00:00Z", "2000-01-01T00:00:00Z"])
        #expect(both.map(\.notAfter.description) == ["2126-10-30T20:27:58Z", "2001-01-01T00:00:00Z"])
        let odd = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"
        #expect(CertificateValidity.all(pem: Data((TestCertificates.valid + "\n" + odd).utf8))?.count == 1)
        #expect(CertificateValidity.all(pem: Data((odd + TestCertificates.valid).utf8)) == nil)
        // Cut anywhere, it is not understood rather than misunderstood.
        let der = try #require(Data(base64Encoded: TestCertificates.valid.split(separator: "\n").dropFirst().dropLast().joined()))
        for length in 0..<200 {
            let pem = "-----BEGIN CERTIFICATE-----\n\(der.prefix(length).base64EncodedString())\n-----END CERTIFICATE-----"
            if CertificateValidity.all(pem: Data(pem.utf8)) != nil { Issue.record("\(length) bytes were enough") }
        }
    }
}
