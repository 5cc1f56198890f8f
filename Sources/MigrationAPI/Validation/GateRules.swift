import MigrationCore

enum GateRules {
    static func gates(_ specs: [GateSpec], _ findings: inout Findings) -> [NamedGate] {
        let path = "spec.gates"
        findings.count(path, specs.count, atMost: 16)
        findings.duplicates(specs.map(\.name), path: { "\(path)[\($0)].name" }) { "'\($0)' is used twice; name every gate differently" }
        return specs.enumerated().map { index, spec in gate(spec, "\(path)[\(index)]", &findings) }
    }

    /// A word that is no step is a problem of its own; the first step stands for it, which holds most.
    private static func gate(_ spec: GateSpec, _ path: String, _ findings: inout Findings) -> NamedGate {
        findings.text("\(path).name", spec.name, .label)
        findings.word("\(path).before", spec.before, oneOf: NamedGate.Step.allCases.map(\.rawValue))
        findings.word("\(path).approval", spec.approval, oneOf: ["Manual"])
        if let name = spec.approvedBy {
            if name.allSatisfy(\.isWhitespace) { findings.add("\(path).approvedBy", "is blank; say who approves, or leave the field out") }
            if name.utf8.count > 256 { findings.add("\(path).approvedBy", "is longer than 256 bytes") }
        }
        return NamedGate(name: spec.name, before: NamedGate.Step(rawValue: spec.before) ?? .cutover, approvedBy: spec.approvedBy)
    }
}
