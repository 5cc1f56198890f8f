import FoundationEssentials

/// The cluster's certificate authority and what it signs, made with openssl(1): EC keys, because they are made in no time.
struct Certificates: Sendable {
    let folder: String

    var authority: String { path("ca.crt") }
    var authorityKey: String { path("ca.key") }
    /// Signs and verifies service account tokens.
    var serviceAccountKey: String { path("service-account.key") }

    func path(_ file: String) -> String { "\(folder)/\(file)" }
    func certificate(_ name: String) -> String { path("\(name).crt") }
    func key(_ name: String) -> String { path("\(name).key") }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-sha256", "-days", "30"]

    func createAuthority() async throws {
        try await Command.run(
            ["openssl", "req", "-x509"] + Self.newKey + [
                "-subj", "/CN=dbmigration dev", "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", authorityKey, "-out", authority,
            ])
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: authority)
    }

    func createServiceAccountKey() async throws {
        // ecparam rather than genpkey: the API server reads the public half from an "EC PRIVATE KEY" only.
        try await Command.run(["openssl", "ecparam", "-genkey", "-noout", "-name", "prime256v1", "-out", serviceAccountKey])
    }

    /// A serving certificate for these names and addresses.
    func createServing(_ name: String, names: [String], addresses: [String]) async throws {
        let alternatives = (names.map { "DNS:\($0)" } + addresses.map { "IP:\($0)" }).joined(separator: ",")
        try await Command.run(
            ["openssl", "req", "-x509", "-CA", authority, "-CAkey", authorityKey] + Self.newKey + [
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(alternatives)", "-addext", "basicConstraints=critical,CA:FALSE",
                "-addext", "extendedKeyUsage=serverAuth", "-keyout", key(name), "-out", certificate(name),
            ])
    }
}
