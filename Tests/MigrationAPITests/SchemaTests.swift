import KubernetesModel
import StructuredData
import Testing

@testable import MigrationAPI

@Suite("The schema and the types say the same")
struct SchemaTests {
    let schema: JSONValue
    let specSchema: JSONValue
    let statusSchema: JSONValue

    init() throws {
        schema = try Repository.schema()
        specSchema = try #require(schema["properties"]?["spec"])
        statusSchema = try #require(schema["properties"]?["status"])
    }

    @Test("every property is in both")
    func properties() throws {
        let spec: DatabaseMigrationSpec = try Fixtures.json(Fixtures.complete).merged(Fixtures.json(Fixtures.places)).merged(
            Fixtures.json(Fixtures.later)
        ).merged(Fixtures.json(Fixtures.pooled)).decode()
        let status: DatabaseMigrationStatus = try Fixtures.json(Fixtures.status).decode()
        #expect(members(of: spec, "spec") == StructuralSchema.properties(specSchema, "spec"))
        // KubernetesModel.Condition serves all kinds; the others' times are never set here.
        let foreign = ["lastUpdateTime", "lastProbeTime", "lastHeartbeatTime"].map { "status.conditions[].\($0)" }
        #expect(members(of: status, "status").subtracting(foreign) == StructuralSchema.properties(statusSchema, "status"))
    }

    @Test("decoding and encoding lose nothing")
    func roundTrip() throws {
        let spec = try Fixtures.json(Fixtures.complete).merged(Fixtures.json(Fixtures.places)).merged(Fixtures.json(Fixtures.later)).merged(
            Fixtures.json(Fixtures.pooled))
        #expect(StructuralSchema.complaints(spec, specSchema, "spec") == [])
        #expect(try JSONValue(encoding: spec.decode(DatabaseMigrationSpec.self)) == StructuralSchema.defaulted(spec, specSchema))
        let status = try Fixtures.json(Fixtures.status)
        #expect(StructuralSchema.complaints(status, statusSchema, "status") == [])
        #expect(try JSONValue(encoding: status.decode(DatabaseMigrationStatus.self)) == status)
    }

    @Test("defaults are equal")
    func defaults() throws {
        let spec = try Fixtures.json(Fixtures.minimal)
        #expect(try JSONValue(encoding: spec.decode(DatabaseMigrationSpec.self)) == StructuralSchema.defaulted(spec, specSchema))
        #expect(statusSchema["default"] == ["observedGeneration": -1])
    }

    @Test("a required property is required in both")
    func required() throws {
        let spec = try Fixtures.json(Fixtures.complete).merged(Fixtures.json(Fixtures.places)).merged(Fixtures.json(Fixtures.later)).merged(
            Fixtures.json(Fixtures.pooled))
        for place in StructuralSchema.places(spec, specSchema, "spec") {
            let refused = (try? spec.setting(nil, at: place.steps[...]).decode(DatabaseMigrationSpec.self)) == nil
            #expect(refused == place.isRequired, "\(place.path)")
        }
        let status = try Fixtures.json(Fixtures.status)
        for place in StructuralSchema.places(status, statusSchema, "status") where !place.path.hasPrefix("status.conditions[") {
            let refused = (try? status.setting(nil, at: place.steps[...]).decode(DatabaseMigrationStatus.self)) == nil
            #expect(refused == place.isRequired, "\(place.path)")
        }
    }

    @Test("everything has bounds")
    func bounds() {
        func unbounded(_ schema: JSONValue, _ path: String) -> [String] {
            if schema["x-kubernetes-preserve-unknown-fields"] == true || schema["x-kubernetes-int-or-string"] == true { return [] }
            let inner = (schema["properties"]?.object ?? [:]).sorted { $0.key < $1.key }.flatMap { unbounded($0.value, "\(path).\($0.key)") }
            switch schema["type"]?.string {
            case "string": return schema["maxLength"] == nil && schema["enum"] == nil ? [path] : []
            case "integer": return schema["minimum"] == nil || path.hasPrefix("spec") && schema["maximum"] == nil ? [path] : []
            case "array": return (schema["maxItems"] == nil ? [path] : []) + unbounded(schema["items"] ?? .null, "\(path)[]")
            case "object":
                guard let values = schema["additionalProperties"] else { return inner }
                return (schema["maxProperties"] == nil ? [path] : []) + unbounded(values, "\(path).*")
            case "boolean": return []
            default: return [path]
            }
        }
        #expect(unbounded(specSchema, "spec") == [])
        #expect(unbounded(statusSchema, "status") == [])
    }

    @Test("CEL rules have a message each, and guard what may not change")
    func rules() {
        func rules(_ schema: JSONValue) -> [JSONValue] {
            (schema["x-kubernetes-validations"]?.array ?? []) + rulesBelow(schema)
        }
        func rulesBelow(_ schema: JSONValue) -> [JSONValue] {
            (schema["properties"]?.object ?? [:]).values.flatMap(rules) + (schema["items"].map(rules) ?? [])
        }
        let all = rules(schema)
        #expect(all.allSatisfy { $0["rule"]?.string?.isEmpty == false && $0["message"]?.string?.isEmpty == false })
        let fields = ["source", "target"].flatMap { side in
            (schema["properties"]?["spec"]?["properties"]?[side]?["properties"]?.object ?? [:]).keys.filter { $0 != "storageGiB" }.map {
                "\(side).\($0)"
            }
        }
        #expect(fields.count > 10)
        for field in fields + ["databases", "copy.mode"] {
            #expect(all.contains { $0["rule"]?.string?.contains("self.spec.\(field) == oldSelf.spec.\(field)") == true }, "\(field)")
        }
    }

    @Test("printer columns point at properties of the schema")
    func printerColumns() throws {
        let version = try #require(Repository.customResource()["spec"]?["versions"]?[0])
        let columns = try #require(version["additionalPrinterColumns"]?.array)
        #expect(
            columns.filter { $0["priority"] == nil }.compactMap { $0["name"]?.string } == [
                "Phase", "Progress", "Lag", "Pause", "Ready", "Status", "Age",
            ])
        #expect(columns.filter { $0["priority"] == 1 }.compactMap { $0["name"]?.string } == ["Source", "Target", "ETA", "Strategy"])
        let known = StructuralSchema.properties(schema, "")
        for column in columns {
            let path = try #require(column["jsonPath"]?.string).replacing(#/\[\?.*?\]/#, with: "[]")
            #expect(known.contains(path) || path == ".metadata.creationTimestamp", "\(path)")
        }
        #expect(version["subresources"]?["status"] != nil)
    }

    @Test("names are as documented")
    func names() throws {
        let spec = try #require(Repository.customResource()["spec"])
        let resource = DatabaseMigration.resource
        #expect(spec["group"]?.string == resource.group)
        #expect(spec["names"]?["plural"]?.string == resource.plural)
        #expect(spec["names"]?["kind"]?.string == resource.kind)
        #expect(spec["versions"]?[0]?["name"]?.string == resource.version)
        #expect(spec["names"]?["shortNames"] == ["dbmigration", "dbm"])
        #expect(spec["names"]?["categories"] == ["migrations"])
        #expect(spec["scope"] == "Namespaced")
    }

    /// Paths of a value's stored properties, set or not; documents of later versions are leaves.
    private func members(of value: Any, _ path: String) -> Set<String> {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.map { members(of: $0.value, path) } ?? []
        case .collection: return mirror.children.reduce(into: []) { $0.formUnion(members(of: $1.value, "\(path)[]")) }
        case .struct where !(value is Time) && !(value is MicroTime):
            return mirror.children.reduce(into: []) { paths, child in
                // A check's own settings stand beside its limits.
                if child.label == "settings" { return paths.formUnion(members(of: child.value, path)) }
                let inner = "\(path).\(child.label ?? "")"
                paths.insert(inner)
                paths.formUnion(members(of: child.value, inner))
            }
        default: return []
        }
    }
}
