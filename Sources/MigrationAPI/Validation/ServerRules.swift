import MigrationCore

enum ServerRules {
    static let sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    static func server(_ spec: ServerSpec, _ path: String, _ findings: inout Findings) -> Plan.Server {
        findings.text("\(path).host", spec.host, .host)
        findings.range("\(path).port", spec.port, 1...65_535)
        findings.word("\(path).sslMode", spec.sslMode, oneOf: sslModes)
        findings.text("\(path).maintenanceDatabase", spec.maintenanceDatabase, .databaseName)
        if let storage = spec.storageGiB { findings.range("\(path).storageGiB", storage, 1...1_048_576, unit: "GiB") }
        let credentials = self.credentials(spec.credentialsSecretRef, "\(path).credentialsSecretRef", &findings)
        let authority = spec.caSecretRef.map { reference in
            secretKey(name: reference.name, key: reference.key, "\(path).caSecretRef", &findings)
        }
        let subscriber = spec.subscriptionCredentialsSecretRef.map { self.credentials($0, "\(path).subscriptionCredentialsSecretRef", &findings) }
        let replication = spec.replication.map { self.replication($0, sslMode: spec.sslMode, "\(path).replication", &findings) }
        return Plan.Server(
            host: spec.host, port: spec.port, sslMode: spec.sslMode, credentials: credentials, certificateAuthority: authority,
            maintenanceDatabase: spec.maintenanceDatabase, subscriber: subscriber, replication: replication, storageGiB: spec.storageGiB)
    }

    /// - Parameter sslMode: how everybody else reaches the server. Its verifying words are not taken over: the other server has no file with our CA.
    private static func replication(_ spec: ReplicationSpec, sslMode: String, _ path: String, _ findings: inout Findings) -> Plan.Replication {
        if let host = spec.host { findings.text("\(path).host", host, .host) }
        if let port = spec.port { findings.range("\(path).port", port, 1...65_535) }
        if let word = spec.sslMode { findings.word("\(path).sslMode", word, oneOf: sslModes) }
        return Plan.Replication(
            host: spec.host, port: spec.port, sslMode: spec.sslMode ?? (["disable", "allow", "prefer"].contains(sslMode) ? sslMode : "require"),
            credentials: spec.credentialsSecretRef.map { credentials($0, "\(path).credentialsSecretRef", &findings) })
    }

    static func credentials(_ spec: CredentialsSecretReference, _ path: String, _ findings: inout Findings) -> Plan.CredentialsReference {
        findings.text("\(path).name", spec.name, .objectName)
        findings.text("\(path).usernameKey", spec.usernameKey, .secretKey)
        findings.text("\(path).passwordKey", spec.passwordKey, .secretKey)
        return Plan.CredentialsReference(name: spec.name, usernameKey: spec.usernameKey, passwordKey: spec.passwordKey)
    }

    static func secretKey(name: String, key: String, _ path: String, _ findings: inout Findings) -> Plan.SecretKey {
        findings.text("\(path).name", name, .objectName)
        findings.text("\(path).key", key, .secretKey)
        return Plan.SecretKey(name: name, key: key)
    }

    /// Two names of one server are found by preflight, which compares system identifiers.
    static func differ(_ source: Plan.Server, _ target: Plan.Server, _ findings: inout Findings) {
        guard source.host.lowercased() == target.host.lowercased(), source.port == target.port else { return }
        findings.add("spec.target.host", "\(target.host):\(target.port) is the source too; name the server to move to", .sameServer)
    }
}
