import MigrationCore
import MigrationPorts

enum NotificationRules {
    /// More would be a distribution list, which a receiver has to be.
    static let limit = 8

    static func receivers(_ specs: [NotificationSpec], _ findings: inout Findings) -> [NotificationReceiver] {
        let path = "spec.notifications"
        findings.count(path, specs.count, atMost: limit)
        let receivers = specs.enumerated().map { index, spec in receiver(spec, "\(path)[\(index)]", &findings) }
        findings.duplicates(receivers.map(\.name), path: { "\(path)[\($0)].name" }) { "'\($0)' is used twice; name every receiver differently" }
        return receivers
    }

    private static func receiver(_ spec: NotificationSpec, _ path: String, _ findings: inout Findings) -> NotificationReceiver {
        if let name = spec.name { findings.text("\(path).name", name, .label) }
        findings.word("\(path).format", spec.format, oneOf: NotificationReceiver.Format.allCases.map(\.rawValue))
        if spec.events.isEmpty { findings.add("\(path).events", "is empty; name at least one of \(words.joined(separator: ", "))") }
        findings.count("\(path).events", spec.events.count, atMost: 16)
        for (index, word) in spec.events.enumerated() { findings.word("\(path).events[\(index)]", word, oneOf: words) }
        findings.duplicates(spec.events, path: { "\(path).events[\($0)]" }) { "'\($0)' is listed twice" }
        return NotificationReceiver(
            name: spec.name ?? spec.webhookSecretRef.name,
            webhook: ServerRules.secretKey(
                name: spec.webhookSecretRef.name, key: spec.webhookSecretRef.key, "\(path).webhookSecretRef", &findings),
            format: NotificationReceiver.Format(rawValue: spec.format) ?? .generic, occasions: Set(spec.events.compactMap(Occasion.init(rawValue:))),
            template: spec.template.flatMap { template($0, "\(path).template", &findings) } ?? .standard,
            signing: spec.signingSecretRef.map {
                ServerRules.secretKey(name: $0.name, key: $0.key, "\(path).signingSecretRef", &findings)
            },
            certificateAuthority: spec.caSecretRef.map {
                ServerRules.secretKey(name: $0.name, key: $0.key, "\(path).caSecretRef", &findings)
            })
    }

    private static var words: [String] { Occasion.selectable.map(\.rawValue) }

    private static func template(_ text: String, _ path: String, _ findings: inout Findings) -> MessageTemplate? {
        do {
            return try MessageTemplate(text)
        } catch {
            findings.add(path, "\(error)")
            return nil
        }
    }
}
