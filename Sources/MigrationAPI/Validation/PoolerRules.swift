import KubernetesModel
import MigrationCore

enum PoolerRules {
    /// libpq's words that need no CA.
    private static let sslModes = ["disable", "allow", "prefer", "require"]

    /// The poolers of traffic `PgBouncer`; `nil` for other traffic, which has none.
    static func poolers(_ spec: CutoverSpec, databases: [Plan.Database], mode: Plan.Copy.Mode, _ path: String, _ findings: inout Findings) -> [Plan
        .Pooler]?
    {
        guard spec.traffic == "PgBouncer" else {
            if !spec.poolers.isEmpty {
                findings.add("\(path).poolers", "belongs to traffic PgBouncer; set \(path).traffic to it, or remove the poolers")
            }
            return nil
        }
        if mode == .snapshot {
            findings.add(
                "\(path).traffic",
                "PgBouncer goes with copy mode Live only: in mode Snapshot clients would wait as long as the copy takes; use SecretRollout")
        }
        if spec.poolers.isEmpty { findings.add("\(path).poolers", "is empty; name the PgBouncers that the applications connect to") }
        findings.count("\(path).poolers", spec.poolers.count, atMost: 16)
        let poolers = spec.poolers.enumerated().map { index, pooler in
            self.pooler(pooler, databases: databases.map(\.name), "\(path).poolers[\(index)]", &findings)
        }
        findings.duplicates(poolers.map(\.name), path: { "\(path).poolers[\($0)].name" }) { "'\($0.bounded(64))' is the name of another pooler too" }
        findings.duplicates(poolers.map { "\($0.file.kind.rawValue) \($0.file.name), key \($0.file.key)" }, path: { "\(path).poolers[\($0)].file" }) {
            "\($0) is the file of another pooler too; list all its replicas in one entry"
        }
        let served = Set(poolers.flatMap(\.databases))
        for (index, database) in databases.enumerated() where !served.contains(database.name) && !poolers.isEmpty {
            findings.add(
                "spec.databases[\(index)].name",
                "'\(database.name.bounded(64))' is served by no entry of \(path).poolers; add it to a pooler's databases")
        }
        return poolers
    }

    /// Every cutover waits for the files after the comparison: one that is too old by then would be made again, and the files waited for again, for ever.
    static func leaveTime(_ poolers: [Plan.Pooler]?, verificationMaxAge seconds: Int?, _ findings: inout Findings) {
        guard let seconds, let wait = poolers?.map(\.fileSeconds).max(), seconds < wait + reactionSeconds else { return }
        findings.add(
            "spec.verification.maxAgeSeconds",
            "is \(seconds), and the write pause begins \(wait) s (fileSeconds of spec.cutover.poolers) after the comparison at the earliest; "
                + "set it to \(wait + reactionSeconds) or more")
    }

    /// For what else happens between the comparison and the write pause, in seconds.
    private static let reactionSeconds = 60

    private static func pooler(_ spec: PoolerSpec, databases known: [String], _ path: String, _ findings: inout Findings) -> Plan.Pooler {
        findings.text("\(path).name", spec.name, .label)
        findings.word("\(path).sslMode", spec.sslMode, oneOf: sslModes)
        findings.range("\(path).fileSeconds", spec.fileSeconds, 1...600, unit: "seconds")
        findings.range("\(path).pauseSeconds", spec.pauseSeconds, 1...10, unit: "seconds")
        let databases = spec.databases ?? known
        if databases.isEmpty, !known.isEmpty { findings.add("\(path).databases", "is empty; remove the field, which means all of spec.databases") }
        for (index, name) in databases.enumerated() where !known.contains(name) {
            findings.add("\(path).databases[\(index)]", "'\(name.bounded(64))' is not in spec.databases; give the source name of one of them")
        }
        findings.count("\(path).logins", spec.logins.count, atMost: 64)
        let logins = spec.logins.enumerated().map { index, login in
            if !databases.contains(login.database) {
                findings.add("\(path).logins[\(index)].database", "'\(login.database.bounded(64))' is not served by this pooler")
            }
            let credentials = ServerRules.credentials(login.credentialsSecretRef, "\(path).logins[\(index)].credentialsSecretRef", &findings)
            return Plan.Pooler.Login(credentials: credentials, database: login.database)
        }
        return Plan.Pooler(
            name: spec.name, consoles: consoles(spec, path, &findings),
            credentials: ServerRules.credentials(spec.adminSecretRef, "\(path).adminSecretRef", &findings),
            file: file(spec.file, "\(path).file", &findings),
            sslMode: spec.sslMode, databases: databases, logins: logins, fileSeconds: spec.fileSeconds, pauseSeconds: spec.pauseSeconds)
    }

    private static func file(_ spec: PoolerSpec.FileReference, _ path: String, _ findings: inout Findings) -> Plan.Pooler.File {
        let (kind, field, reference): (Plan.Pooler.File.Kind, String, SecretKeyReference?) =
            spec.secretRef != nil ? (.secret, "secretRef", spec.secretRef) : (.configMap, "configMapRef", spec.configMapRef)
        if (spec.secretRef == nil) == (spec.configMapRef == nil) {
            findings.add(path, "needs either secretRef or configMapRef, the object that holds the file with the [databases]")
        }
        guard let reference else { return .init(kind: kind, name: "", key: "") }
        let key = ServerRules.secretKey(name: reference.name, key: reference.key, "\(path).\(field)", &findings)
        return .init(kind: kind, name: key.name, key: key.key)
    }

    private static func consoles(_ spec: PoolerSpec, _ path: String, _ findings: inout Findings) -> Plan.Pooler.Consoles {
        switch (spec.service, spec.addresses) {
        case (let service?, nil):
            findings.text("\(path).service.name", service.name, .label)
            return .service(name: service.name, port: service.port.description)
        case (nil, let addresses?):
            if addresses.isEmpty { findings.add("\(path).addresses", "is empty; list host:port of every replica") }
            findings.count("\(path).addresses", addresses.count, atMost: 32)
            findings.duplicates(addresses, path: { "\(path).addresses[\($0)]" }) { "'\($0.bounded(64))' is listed twice" }
            return .addresses(
                addresses.enumerated().compactMap { index, text in
                    let console = console(text)
                    if console == nil {
                        findings.add("\(path).addresses[\(index)]", "'\(text.bounded(64))' is not host:port; write an IPv6 address in brackets")
                    }
                    return console
                })
        default:
            findings.add(path, "needs either service, whose ready addresses are the replicas, or addresses")
            return .addresses([])
        }
    }

    private static func console(_ text: String) -> Plan.Pooler.Console? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port) else { return nil }
        var host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        if isBracketed { host = host.dropFirst().dropLast() }
        let isHost = isBracketed ? host.contains(":") && host.allSatisfy { $0.isHexDigit || ":.".contains($0) } : !host.contains(":")
        guard isHost, isBracketed || TextForm.host.complaint(about: String(host)) == nil else { return nil }
        return .init(host: String(host), port: port)
    }
}
