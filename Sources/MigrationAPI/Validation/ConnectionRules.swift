import MigrationCore
import StructuredData

/// Rules of `spec.cutover.connections`. What the objects hold is preflight's to judge.
enum ConnectionRules {
    static let keyLimit = 32

    static func connection(_ spec: ConnectionSpec, databases: Set<String>, _ path: String, _ findings: inout Findings) -> Plan.Connection {
        let (kind, reference, referencePath) = reference(spec, path, &findings)
        let place = reference.map { Self.place($0, referencePath, &findings) } ?? Plan.Connection.Place.keys([])
        if let reference { findings.text("\(referencePath).name", reference.name, .objectName) }
        if let database = spec.database, !databases.contains(database) {
            findings.add("\(path).database", "'\(database.bounded(64))' is not in spec.databases; give the source name of one of them")
        } else if spec.database == nil, spec.redis == nil, databases.count > 1, case .parts(let parts) = place, parts.database == nil {
            findings.add("\(path).database", "is missing; no part of the connection says which entry of spec.databases it is for")
        }
        let redis = spec.redis.map { self.redis($0, spec, kind, path, &findings) }
        return Plan.Connection(
            kind, reference?.name ?? "", place, database: spec.database,
            credentials: credentials(spec.credentials, "\(path).credentials", &findings), redis: redis)
    }

    private static func reference(
        _ spec: ConnectionSpec, _ path: String, _ findings: inout Findings
    ) -> (Plan.Connection.Kind, ConnectionReference?, String) {
        switch (spec.secretRef, spec.configMapRef) {
        case (let secret?, nil): return (.secret, secret, "\(path).secretRef")
        case (nil, let map?): return (.configMap, map, "\(path).configMapRef")
        default:
            findings.add(path, "needs either secretRef or configMapRef")
            return (.secret, nil, path)
        }
    }

    private static func place(_ spec: ConnectionReference, _ path: String, _ findings: inout Findings) -> Plan.Connection.Place {
        switch (spec.key, spec.keys, spec.parts) {
        case (let key?, nil, nil):
            findings.text("\(path).key", key, .keyPattern)
            return .keys([key])
        case (nil, let keys?, nil):
            findings.count("\(path).keys", keys.count, atMost: keyLimit)
            if keys.isEmpty { findings.add("\(path).keys", "is empty; name a key or a pattern such as *_DATABASE_URL") }
            for (index, key) in keys.enumerated() { findings.text("\(path).keys[\(index)]", key, .keyPattern) }
            return .keys(keys)
        case (nil, nil, let parts?): return .parts(self.parts(parts, "\(path).parts", &findings))
        default:
            findings.add(path, "needs one of key, keys and parts: where the connection strings stand")
            return .keys([])
        }
    }

    private static func parts(_ spec: ConnectionReference.Parts, _ path: String, _ findings: inout Findings) -> Plan.Connection.Parts {
        let named = [("host", spec.host), ("port", spec.port), ("user", spec.user), ("password", spec.password), ("database", spec.database)]
            .compactMap { name, key in key.map { (name, $0) } }
        for (name, key) in named { findings.text("\(path).\(name)", key, .secretKey) }
        findings.duplicates(named.map(\.1), path: { "\(path).\(named[$0].0)" }) { "key \($0.bounded(64)) is named for another part already" }
        return .init(host: spec.host, port: spec.port, user: spec.user, password: spec.password, database: spec.database)
    }

    private static func redis(
        _ redis: RedisConnectionSpec, _ spec: ConnectionSpec, _ kind: Plan.Connection.Kind, _ path: String, _ findings: inout Findings
    ) -> Plan.Connection.Redis {
        findings.text("\(path).redis.host", redis.host, .host)
        findings.range("\(path).redis.port", redis.port, 1...65_535)
        if spec.database != nil { findings.add("\(path).database", "belongs to PostgreSQL; remove it beside redis") }
        if spec.credentials != nil { findings.add("\(path).credentials", "belongs to PostgreSQL; beside redis use redis.passwordSecretRef") }
        let password = redis.passwordSecretRef.map {
            ServerRules.secretKey(name: $0.name, key: $0.key, "\(path).redis.passwordSecretRef", &findings)
        }
        if password != nil, kind == .configMap {
            findings.add("\(path).redis.passwordSecretRef", "would be written into a ConfigMap; keep the connection string in a Secret")
        }
        return Plan.Connection.Redis(host: redis.host, port: redis.port, password: password)
    }

    private static func credentials(_ value: JSONValue?, _ path: String, _ findings: inout Findings) -> Plan.CredentialsReference? {
        switch value {
        case nil, .string("Keep"): return nil
        case .object(let members) where Set(members.keys) == ["secretRef"]:
            guard let reference = try? members["secretRef"]?.decode(CredentialsSecretReference.self) else { break }
            return ServerRules.credentials(reference, "\(path).secretRef", &findings)
        default: break
        }
        findings.add(path, "is neither Keep nor an object {secretRef: {name, usernameKey, passwordKey}}")
        return nil
    }

    /// Patterns that overlap are found when the keys are known.
    static func refuseRepetition(_ connections: [Plan.Connection], _ path: String, _ findings: inout Findings) {
        var seen: Set<String> = []
        for (index, connection) in connections.enumerated() {
            let reference = connection.kind == .secret ? "secretRef" : "configMapRef"
            for key in connection.keys where !seen.insert("\(connection.object)/\(key)/\(connection.redis != nil)").inserted {
                findings.add(
                    "\(path)[\(index)].\(reference)", "\(connection.name)/\(key) is listed twice; without database one entry is for all databases")
            }
        }
    }
}
