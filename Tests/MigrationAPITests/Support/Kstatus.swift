import KubernetesModel
import MigrationCore
import StructuredData

@testable import MigrationAPI

/// The rules by which kstatus, Flux and Argo CD read a status, and our own on top of them. Runs over every status the tests make.
enum Kstatus {
    static func complaints(_ status: DatabaseMigrationStatus, generation: Int64, schema: JSONValue) throws -> [String] {
        let conditions = status.conditions ?? []
        var complaints = StructuralSchema.complaints(try JSONValue(encoding: status), schema["properties"]?["status"] ?? .null, "status")
        if (status.observedGeneration ?? -1) > generation { complaints.append("observedGeneration is ahead of the generation") }
        if Set(conditions.map(\.type)).count != conditions.count { complaints.append("a condition is there twice") }
        let optional: Set<ConditionType> = [.reconciling, .stalled, .statusTrimmed]
        for type in ConditionType.allCases where !optional.contains(type) && status[type] == nil { complaints.append("\(type.rawValue) is missing") }
        for condition in conditions { complaints += self.complaints(condition, generation: generation) }
        complaints += summaryComplaints(status, conditions: conditions, generation: generation)
        return complaints
    }

    private static func complaints(_ condition: Condition, generation: Int64) -> [String] {
        var complaints: [String] = []
        if ConditionType(rawValue: condition.type) == nil { complaints.append("\(condition.type) is no condition of ours") }
        if Reason(rawValue: condition.reason ?? "") == nil {
            complaints.append("\(condition.type): '\(condition.reason ?? "")' is not in the list of reasons")
        }
        if condition.reason?.hasSuffix("Reason") == true { complaints.append("\(condition.type): reason ends in Reason") }
        if condition.message?.isEmpty != false { complaints.append("\(condition.type) has no message") }
        if condition.lastTransitionTime == nil { complaints.append("\(condition.type) has no transition time") }
        guard let observed = condition.observedGeneration else { return complaints + ["\(condition.type) has no observedGeneration"] }
        if observed > generation { complaints.append("\(condition.type): observedGeneration is ahead") }
        return complaints
    }

    private static func summaryComplaints(_ status: DatabaseMigrationStatus, conditions: [Condition], generation: Int64) -> [String] {
        let (reconciling, stalled) = (status[.reconciling], status[.stalled])
        var complaints: [String] = []
        if reconciling != nil, stalled != nil { complaints.append("Reconciling and Stalled are both there") }
        for summary in [reconciling, stalled] where summary != nil && summary?.status != "True" {
            complaints.append("\(summary?.type ?? "") is there without being True")
        }
        switch status[.ready]?.status {
        case "True":
            if reconciling != nil || stalled != nil { complaints.append("Ready, and still Reconciling or Stalled") }
            if conditions.contains(where: { $0.observedGeneration != generation }) {
                complaints.append("Ready while a condition speaks of an older generation")
            }
        case "Unknown": if reconciling == nil { complaints.append("Ready is Unknown without Reconciling") }
        case "False": if stalled == nil { complaints.append("Ready is False without Stalled") }
        default: complaints.append("Ready is missing")
        }
        return complaints
    }
}
