import FoundationEssentials
import KubernetesModel
import MigrationCore

enum PrometheusRules {
    static func check(_ spec: PrometheusCheckSpec, _ path: String, _ findings: inout Findings) -> Plan.PrometheusCheck {
        let limits = HealthRules.common(spec, path, &findings)
        if let complaint = complaint(aboutAddress: spec.address) { findings.add("\(path).address", complaint) }
        if spec.query.allSatisfy(\.isWhitespace) { findings.add("\(path).query", "is empty; give PromQL for a scalar or an instant vector") }
        if spec.query.utf8.count > 2_048 { findings.add("\(path).query", "is longer than 2048 bytes; make it a recording rule of Prometheus") }
        let max = spec.max.flatMap { number($0, "\(path).max", &findings) }
        let min = spec.min.flatMap { number($0, "\(path).min", &findings) }
        if let max, let min, min > max { findings.add("\(path).min", "is above max; no value is within both") }
        if let percent = spec.maxIncreasePercent { findings.range("\(path).maxIncreasePercent", percent, 0...100_000) }
        if let percent = spec.maxDecreasePercent { findings.range("\(path).maxDecreasePercent", percent, 0...100) }
        if spec.max == nil, spec.min == nil, spec.maxIncreasePercent == nil, spec.maxDecreasePercent == nil {
            findings.add(path, "has no limit; give max, min, maxIncreasePercent or maxDecreasePercent")
        }
        if let reference = spec.headersSecretRef { findings.text("\(path).headersSecretRef.name", reference.name, .objectName) }
        let unencrypted = spec.address.hasPrefix("http://") ? "an address" : nil
        let authority = spec.caSecretRef.map { HealthRules.authority($0, unencrypted, path, &findings) }
        return Plan.PrometheusCheck(
            name: spec.name, address: spec.address, query: spec.query, max: max, min: min, maxIncreasePercent: spec.maxIncreasePercent,
            maxDecreasePercent: spec.maxDecreasePercent, timeoutSeconds: spec.timeoutSeconds, limits: limits,
            headersSecret: spec.headersSecretRef?.name, certificateAuthority: authority)
    }

    private static func complaint(aboutAddress address: String) -> String? {
        if let complaint = HealthRules.complaint(aboutURL: address) { return complaint }
        if address.contains(where: { "?#".contains($0) }) { return "has a query or fragment; give the base URL, the query goes into the field query" }
        return nil
    }

    /// The schema's pattern: what is finite, and the same number to everybody.
    private static func number(_ value: IntOrString, _ path: String, _ findings: inout Findings) -> Double? {
        let text = value.description
        let digits = (text.hasPrefix("-") ? text.dropFirst() : text[...]).split(separator: ".", omittingEmptySubsequences: false)
        let isDecimal = digits.count <= 2 && digits.allSatisfy { (1...15).contains($0.count) && $0.allSatisfy { ("0"..."9").contains($0) } }
        guard isDecimal, let number = Double(text) else {
            findings.add(path, "'\(text.bounded(64))' is no decimal number such as 5 or \"0.01\"")
            return nil
        }
        return number
    }
}
