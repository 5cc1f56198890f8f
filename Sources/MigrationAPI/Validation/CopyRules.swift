import MigrationCore

enum CopyRules {
    static func copy(_ spec: CopySpec, _ findings: inout Findings) -> Plan.Copy {
        findings.word("spec.copy.mode", spec.mode, oneOf: ["Live", "Snapshot"])
        if spec.mode == "Live" {
            findings.notImplemented(
                "spec.copy.mode",
                "Live (the default) is not implemented in this version; set spec.copy.mode: Snapshot, which copies inside the write pause, "
                    + "and spec.cutover.snapshotPauseSeconds")
        }
        findings.range("spec.copy.jobs", spec.jobs, 1...32)
        findings.word("spec.copy.onExisting", spec.onExisting, oneOf: ["Refuse"])
        findings.word("spec.copy.roles", spec.roles, oneOf: ["CreateMissing"])
        findings.later("spec.copy.indexJobs", spec.indexJobs, "a limit of its own for index builds is")
        findings.later("spec.copy.lanes", spec.lanes, "live replication is")
        findings.later("spec.copy.splitAboveMiB", spec.splitAboveMiB, "splitting large tables is")
        findings.later("spec.copy.maxRetainedWALMiB", spec.maxRetainedWALMiB, "live replication is")
        return Plan.Copy(mode: spec.mode == "Snapshot" ? .snapshot : .live, jobs: spec.jobs)
    }

    static func verification(_ spec: VerificationSpec, _ findings: inout Findings) -> Plan.Verification {
        findings.word("spec.verification.mode", spec.mode, oneOf: ["None", "RowCount", "Checksum"])
        if spec.mode == "Checksum" {
            findings.notImplemented("spec.verification.mode", "Checksum is not implemented in this version; use RowCount")
        }
        return Plan.Verification(rawValue: spec.mode) ?? .rowCount
    }
}
