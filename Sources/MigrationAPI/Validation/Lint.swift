import KubernetesModel
public import StructuredData

extension PlanBuilder {
    /// Every problem of a manifest that was not read from a server.
    ///
    /// - Parameter schema: the `openAPIV3Schema` of the custom resource; with it, fields a server would drop in silence are found too.
    public static func lint(_ document: JSONValue, schema: JSONValue? = nil) -> [SpecProblem] {
        let resource = DatabaseMigration.resource
        guard document["apiVersion"]?.string == resource.apiVersion, document["kind"]?.string == resource.kind else {
            return [SpecProblem(path: "apiVersion, kind", message: "is no \(resource.kind) of \(resource.apiVersion)")]
        }
        let unknown = schema.map { unknownFields(of: document, in: $0, path: "") } ?? []
        do {
            return unknown + read(try document.decode(DatabaseMigration.self)).problems
        } catch {
            return unknown + [SpecDecoding.explain(error)]
        }
    }

    private static func unknownFields(of value: JSONValue, in schema: JSONValue, path: String) -> [SpecProblem] {
        if schema["x-kubernetes-preserve-unknown-fields"] == true || path == "metadata" { return [] }
        if let elements = value.array, let items = schema["items"] {
            return elements.enumerated().flatMap { unknownFields(of: $1, in: items, path: "\(path)[\($0)]") }
        }
        guard let members = value.object, schema["additionalProperties"] == nil, let properties = schema["properties"]?.object else { return [] }
        return members.sorted { $0.key < $1.key }.flatMap { key, member in
            let memberPath = path.isEmpty ? key : "\(path).\(key)"
            guard let property = properties[key] else { return [SpecProblem(path: memberPath, message: "is no field of this version; remove it")] }
            return unknownFields(of: member, in: property, path: memberPath)
        }
    }
}
