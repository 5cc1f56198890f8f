import FoundationEssentials
import KubernetesModel
import MigrationCore

enum HealthRules {
    static func health(_ spec: HealthSpec, _ findings: inout Findings) -> Plan.Health {
        let path = "spec.health"
        findings.range("\(path).periodSeconds", spec.periodSeconds, 1...3_600, unit: "seconds")
        findings.range("\(path).soakSeconds", spec.soakSeconds, 0...2_592_000, unit: "seconds")
        findings.count("\(path).http", spec.http.count, atMost: 32)
        findings.count("\(path).prometheus", spec.prometheus.count, atMost: 16)
        let checks = spec.http.enumerated().compactMap { index, check in self.check(check, "\(path).http[\(index)]", &findings) }
        let queries = spec.prometheus.enumerated().map { index, check in
            PrometheusRules.check(check, "\(path).prometheus[\(index)]", &findings)
        }
        let health = Plan.Health(
            periodSeconds: spec.periodSeconds, http: checks, prometheus: queries,
            workloads: spec.workloads.map { ApplicationCheckRules.workloads($0, "\(path).workloads", &findings) },
            sessions: spec.sessions.map { ApplicationCheckRules.sessions($0, "\(path).sessions", &findings) },
            logs: spec.logs.map { ApplicationCheckRules.logs($0, "\(path).logs", &findings) }, soakSeconds: spec.soakSeconds)
        let own = ApplicationCheckRules.names(health)
        let paths = spec.http.indices.map { "\(path).http[\($0)].name" } + spec.prometheus.indices.map { "\(path).prometheus[\($0)].name" }
        findings.duplicates(own + spec.http.map(\.name) + spec.prometheus.map(\.name), path: { paths[$0 - own.count] }) {
            "'\($0)' is \(own.contains($0) ? "the name of a check of its own" : "used twice"); name every check differently"
        }
        return health
    }

    private static func check(_ spec: HTTPCheckSpec, _ path: String, _ findings: inout Findings) -> Plan.HTTPCheck? {
        let limits = common(spec, path, &findings)
        if spec.expectStatus.isEmpty { findings.add("\(path).expectStatus", "is empty; give at least one HTTP status, such as 200") }
        findings.count("\(path).expectStatus", spec.expectStatus.count, atMost: 16)
        for (index, status) in spec.expectStatus.enumerated() { findings.range("\(path).expectStatus[\(index)]", status, 100...599) }
        if let pattern = spec.bodyPattern { self.pattern(pattern, "\(path).bodyPattern", &findings) }
        if let reference = spec.headersSecretRef { headers(reference, of: spec, path, &findings) }
        let isPlain = spec.url?.hasPrefix("http://") ?? (spec.service != nil)
        let authority = spec.caSecretRef.map { self.authority($0, isPlain ? "a url" : nil, path, &findings) }
        guard let address = address(spec, path, &findings) else { return nil }
        return Plan.HTTPCheck(
            name: spec.name, address: address, expectStatus: spec.expectStatus, timeoutSeconds: spec.timeoutSeconds, limits: limits,
            bodyPattern: spec.bodyPattern, headersSecret: spec.headersSecretRef?.name, certificateAuthority: authority,
            followsRedirects: spec.followRedirects)
    }

    /// The fields of every check that asks somebody.
    static func common(_ spec: some CheckSpec, _ path: String, _ findings: inout Findings) -> Plan.CheckLimits {
        findings.text("\(path).name", spec.name, .label)
        findings.range("\(path).timeoutSeconds", spec.timeoutSeconds, 1...60, unit: "seconds")
        return self.limits(spec, path, &findings)
    }

    /// The limits of every check.
    static func limits(_ spec: some LimitsSpec, _ path: String, _ findings: inout Findings) -> Plan.CheckLimits {
        findings.range("\(path).failureLimit", spec.failureLimit, 1...1_000)
        if let limit = spec.totalFailureLimit { findings.range("\(path).totalFailureLimit", limit, 1...1_000_000) }
        if let limit = spec.inconclusiveLimit { findings.range("\(path).inconclusiveLimit", limit, 1...1_000_000) }
        findings.range("\(path).successThreshold", spec.successThreshold, 1...1_000)
        findings.range("\(path).initialDelaySeconds", spec.initialDelaySeconds, 0...86_400, unit: "seconds")
        return Plan.CheckLimits(
            failureLimit: spec.failureLimit, totalFailureLimit: spec.totalFailureLimit, inconclusiveLimit: spec.inconclusiveLimit,
            successThreshold: spec.successThreshold, initialDelaySeconds: spec.initialDelaySeconds)
    }

    static func pattern(_ text: String, _ path: String, _ findings: inout Findings) {
        if text.isEmpty { return findings.add(path, "is empty and would match everything; leave the field out") }
        do {
            _ = try TextPattern(text)
        } catch {
            findings.add(path, "\(error)")
        }
    }

    private static func headers(_ reference: SecretReference, of spec: HTTPCheckSpec, _ path: String, _ findings: inout Findings) {
        findings.text("\(path).headersSecretRef.name", reference.name, .objectName)
        if spec.followRedirects {
            findings.add("\(path).followRedirects", "would send the fields of headersSecretRef to wherever a redirect points; use one of the two")
        }
    }

    /// - Parameter unencrypted: what is missing for TLS; `nil` when nothing is.
    static func authority(
        _ reference: CertificateSecretReference, _ unencrypted: String?, _ path: String, _ findings: inout Findings
    ) -> Plan.SecretKey {
        if let unencrypted {
            findings.add("\(path).caSecretRef", "verifies nothing without \(unencrypted) that begins with https://; remove one or change the other")
        }
        return ServerRules.secretKey(name: reference.name, key: reference.key, "\(path).caSecretRef", &findings)
    }

    private static func address(_ spec: HTTPCheckSpec, _ path: String, _ findings: inout Findings) -> Plan.HTTPCheck.Address? {
        switch (spec.url, spec.service) {
        case (let url?, nil):
            if let complaint = complaint(aboutURL: url) { findings.add("\(path).url", complaint) }
            return .url(url)
        case (nil, let service?):
            return self.service(service, "\(path).service", &findings)
        case (nil, nil): findings.add(path, "has neither url nor service; give one of them")
        case (_?, _?): findings.add(path, "has both url and service; give one of them")
        }
        return nil
    }

    private static func service(_ spec: HTTPCheckSpec.ServiceAddress, _ path: String, _ findings: inout Findings) -> Plan.HTTPCheck.Address {
        findings.text("\(path).name", spec.name, .label)
        switch spec.port {
        case .int(let number): findings.range("\(path).port", number, 1...65_535)
        case .string(let name): findings.text("\(path).port", name, .label)
        }
        if !spec.path.hasPrefix("/") || spec.path.utf8.count > 1_024 {
            findings.add("\(path).path", "'\(spec.path.bounded(64))' is no path; begin with '/' and stay within 1024 characters")
        }
        return .service(name: spec.name, port: spec.port.description, path: spec.path)
    }

    /// Never quotes the whole URL: it may hold a password.
    static func complaint(aboutURL url: String) -> String? {
        if url.utf8.count > 2_048 { return "is longer than 2048 characters" }
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.host, !host.isEmpty else {
            return "is no URL; give http:// or https://, a host and a path"
        }
        if scheme != "http", scheme != "https" { return "has the scheme '\(scheme.bounded(32))'; only http and https are asked" }
        if parts.user != nil || parts.password != nil { return "holds a user name or password; remove them, a spec is readable by many" }
        if let port = parts.port, !(1...65_535).contains(port) { return "has the port \(port); ports go from 1 to 65535" }
        return nil
    }
}
