import MigrationCore

enum CopyRules {
    static func copy(_ spec: CopySpec, _ findings: inout Findings) -> Plan.Copy {
        findings.word("spec.copy.mode", spec.mode, oneOf: ["Live", "Snapshot"])
        findings.range("spec.copy.jobs", spec.jobs, 1...32)
        findings.range("spec.copy.maxRetainedWALMiB", spec.maxRetainedWALMiB, 64...10_485_760, unit: "MiB")
        findings.range("spec.copy.lanes", spec.lanes, 1...32)
        findings.word("spec.copy.onExisting", spec.onExisting, oneOf: ["Refuse"])
        findings.word("spec.copy.roles", spec.roles, oneOf: ["CreateMissing", "Skip"])
        findings.range("spec.copy.indexJobs", spec.indexJobs, 1...32)
        findings.range("spec.copy.splitAboveMiB", spec.splitAboveMiB, 1...1_048_576, unit: "MiB")
        return Plan.Copy(
            mode: mode(spec), jobs: spec.jobs, maxRetainedWALMiB: spec.maxRetainedWALMiB, lanes: spec.lanes, indexJobs: spec.indexJobs,
            splitAboveMiB: spec.splitAboveMiB, roles: Plan.Copy.Roles(rawValue: spec.roles) ?? .createMissing)
    }

    /// An unknown word is a problem of its own; the other rules take it for the default.
    static func mode(_ spec: CopySpec) -> Plan.Copy.Mode { Plan.Copy.Mode(rawValue: spec.mode) ?? .live }

    static func verification(_ spec: VerificationSpec, _ findings: inout Findings) -> Plan.Verification {
        findings.word("spec.verification.mode", spec.mode, oneOf: ["None", "RowCount", "Checksum"])
        return Plan.Verification(rawValue: spec.mode) ?? .rowCount
    }

    static func verificationMaxAge(_ spec: VerificationSpec, _ mode: Plan.Copy.Mode, _ findings: inout Findings) -> Int? {
        guard let seconds = spec.maxAgeSeconds else { return nil }
        let path = "spec.verification.maxAgeSeconds"
        findings.range(path, seconds, 60...31_536_000, unit: "seconds")
        if mode == .snapshot { findings.add(path, "belongs to copy mode Live; a Snapshot is verified within its write pause, remove the field") }
        if spec.mode == "None" { findings.add(path, "verifies nothing with mode None; remove it, or set the mode to RowCount or Checksum") }
        return seconds
    }
}
