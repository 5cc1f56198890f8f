import MigrationCore

enum DatabaseRules {
    static let limit = 64

    static func databases(_ specs: [DatabaseSpec], _ findings: inout Findings) -> [Plan.Database] {
        if specs.isEmpty { findings.add("spec.databases", "is empty; name at least one database to move") }
        findings.count("spec.databases", specs.count, atMost: limit)
        let databases = specs.enumerated().map { index, spec in database(spec, "spec.databases[\(index)]", &findings) }
        findings.duplicates(databases.map(\.name), path: { "spec.databases[\($0)].name" }) { "'\($0)' is listed twice; remove one entry" }
        findings.duplicates(databases.map(\.targetName), path: { "spec.databases[\($0)].targetName" }) {
            "two databases would be '\($0)' on the target; give one another targetName"
        }
        return databases
    }

    private static func database(_ spec: DatabaseSpec, _ path: String, _ findings: inout Findings) -> Plan.Database {
        name(spec.name, "\(path).name", &findings)
        if let targetName = spec.targetName { name(targetName, "\(path).targetName", &findings) }
        findings.word("\(path).create", spec.create, oneOf: ["IfMissing", "Never"])
        findings.later("\(path).excludeTables", spec.excludeTables, "leaving out tables is")
        return Plan.Database(name: spec.name, targetName: spec.targetName, createIfMissing: spec.create == "IfMissing")
    }

    private static func name(_ name: String, _ path: String, _ findings: inout Findings) {
        findings.text(path, name, .databaseName)
        if name == "template0" || name == "template1" { findings.add(path, "'\(name)' is a template, which every server has of its own; remove it") }
    }

    /// The maintenance databases hold the fence's own state, so they are never fenced.
    static func keepClear(_ databases: [Plan.Database], source: Plan.Server, target: Plan.Server, _ findings: inout Findings) {
        for (index, database) in databases.enumerated() {
            if database.name == source.maintenanceDatabase {
                findings.add(
                    "spec.databases[\(index)].name",
                    "'\(database.name)' is the source's maintenanceDatabase, where fences are recorded; set spec.source.maintenanceDatabase to another database"
                )
            }
            if database.targetName == target.maintenanceDatabase {
                findings.add(
                    "spec.databases[\(index)].targetName",
                    "'\(database.targetName)' is the target's maintenanceDatabase, where fences are recorded; "
                        + "set spec.target.maintenanceDatabase to another database")
            }
        }
    }
}
