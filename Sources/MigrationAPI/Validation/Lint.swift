import KubernetesModel
public import StructuredData

extension PlanBuilder {
    /// Every problem of a manifest that was not read from a server, with the fields that a server would drop in silence.
    public static func lint(_ document: JSONValue) -> [SpecProblem] {
        let resource = DatabaseMigration.resource
        guard document["apiVersion"]?.string == resource.apiVersion, document["kind"]?.string == resource.kind else {
            return [SpecProblem(path: "apiVersion, kind", message: "is no \(resource.kind) of \(resource.apiVersion)")]
        }
        do {
            let migration = try document.decode(DatabaseMigration.self)
            return unknownFields(of: document, in: try JSONValue(encoding: migration), path: "") + read(migration).problems
        } catch {
            return [SpecDecoding.explain(error)]
        }
    }

    /// Every kind's own.
    private static let common = ["apiVersion", "kind", "metadata", "status"]

    /// - Parameter known: the same value, of what was understood.
    private static func unknownFields(of value: JSONValue, in known: JSONValue, path: String) -> [SpecProblem] {
        if let elements = value.array, let others = known.array {
            return zip(elements, others).enumerated().flatMap { unknownFields(of: $1.0, in: $1.1, path: "\(path)[\($0)]") }
        }
        guard let members = value.object, known.object != nil else { return [] }
        return members.sorted { $0.key < $1.key }.filter { $0.value != .null }.flatMap { key, member -> [SpecProblem] in
            let memberPath = path.isEmpty ? key : "\(path).\(key)"
            if common.contains(memberPath) { return [] }
            guard let understood = known[key] else { return [SpecProblem(path: memberPath, message: "is no field of this version; remove it")] }
            return unknownFields(of: member, in: understood, path: memberPath)
        }
    }
}
