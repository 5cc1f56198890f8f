import MigrationCore

extension PlanBuilder {
    /// Refuses what a later version brings, by name, instead of ignoring it.
    static func refuseLaterParts(_ spec: DatabaseMigrationSpec, _ findings: inout Findings) {
        refuseWords(spec, &findings)
        findings.later("spec.discover", spec.discover, "finding databases by pattern is")
        findings.later("spec.provision", spec.provision, "provisioning the target is")
        findings.later("spec.backup", spec.backup, "backups are")
        findings.later("spec.redis", spec.redis, "moving Redis is")
        findings.later("spec.objectStores", spec.objectStores, "moving object stores is")
        findings.later("spec.keyVaults", spec.keyVaults, "moving key vaults is")
        findings.word("spec.cleanup.sourceDatabases", spec.cleanup.sourceDatabases, oneOf: ["Keep"])
        findings.later("spec.cleanup.terraformDestroyTargets", spec.cleanup.terraformDestroyTargets, "destroying what terraform made is")
        findings.later("spec.cleanup.afterSeconds", spec.cleanup.afterSeconds, "delayed clean-up is")
        findings.later("spec.cleanup.quietSeconds", spec.cleanup.quietSeconds, "waiting for a quiet source is")
        findings.later("spec.cleanup.confirm", spec.cleanup.confirm, "destructive clean-up is")
    }

    private static func refuseWords(_ spec: DatabaseMigrationSpec, _ findings: inout Findings) {
        switch spec.strategy {
        case "BlueGreen": break
        case "Fresh": findings.notImplemented("spec.strategy", "Fresh is not implemented in this version; use BlueGreen")
        case "InPlace":
            findings.notImplemented("spec.strategy", "InPlace is refused: a server changed in place leaves nothing to go back to; use BlueGreen")
        default: findings.word("spec.strategy", spec.strategy, oneOf: ["BlueGreen", "Fresh", "InPlace"])
        }
        findings.word("spec.criticality", spec.criticality, oneOf: ["Low", "Medium", "Critical"])
        if spec.criticality == "Critical" {
            findings.notImplemented(
                "spec.criticality",
                "Critical demands a tested backup, and backups are not implemented in this version; use Medium")
        }
    }
}
