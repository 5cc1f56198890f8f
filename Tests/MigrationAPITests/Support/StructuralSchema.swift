import StructuredData

/// The part of an API server's schema handling the tests need: defaults and validation.
enum StructuralSchema {
    static func defaulted(_ value: JSONValue, _ schema: JSONValue) -> JSONValue {
        if let elements = value.array, let items = schema["items"] { return .array(elements.map { defaulted($0, items) }) }
        guard var members = value.object, let properties = schema["properties"]?.object else { return value }
        for (key, property) in properties {
            if members[key] == nil { members[key] = property["default"] }
            if let member = members[key] { members[key] = defaulted(member, property) }
        }
        return .object(members)
    }

    /// Every way in which the value does not fit.
    static func complaints(_ value: JSONValue, _ schema: JSONValue, _ path: String) -> [String] {
        if schema["x-kubernetes-preserve-unknown-fields"] == true { return [] }
        if schema["x-kubernetes-int-or-string"] == true { return value.integer == nil && value.string == nil ? ["\(path): no int or string"] : [] }
        switch (schema["type"]?.string, value) {
        case ("string", .string(let text)): return textComplaints(text, schema, path)
        case ("integer", .integer(let number)):
            if let least = schema["minimum"]?.integer, number < least { return ["\(path): \(number) < \(least)"] }
            if let most = schema["maximum"]?.integer, number > most { return ["\(path): \(number) > \(most)"] }
            return []
        case ("boolean", .bool): return []
        case ("array", .array(let elements)):
            let tooMany = elements.count > schema["maxItems"]?.integer ?? 0 ? ["\(path): \(elements.count) items"] : []
            return tooMany + elements.enumerated().flatMap { complaints($1, schema["items"] ?? .null, "\(path)[\($0)]") }
        case ("object", .object(let members)): return objectComplaints(members, schema, path)
        default: return ["\(path): is no \(schema["type"]?.string ?? "thing the schema knows")"]
        }
    }

    private static func textComplaints(_ text: String, _ schema: JSONValue, _ path: String) -> [String] {
        var complaints: [String] = []
        if let words = schema["enum"]?.array, !words.contains(.string(text)) { complaints.append("\(path): '\(text)' not in enum") }
        if let most = schema["maxLength"]?.integer, text.unicodeScalars.count > most { complaints.append("\(path): longer than \(most)") }
        if let least = schema["minLength"]?.integer, text.unicodeScalars.count < least { complaints.append("\(path): shorter than \(least)") }
        if let pattern = schema["pattern"]?.string {
            let matches = (try? Regex(pattern)).flatMap { try? $0.firstMatch(in: text) } != nil
            if !matches { complaints.append("\(path): '\(text)' does not match \(pattern)") }
        }
        return complaints
    }

    private static func objectComplaints(_ members: [String: JSONValue], _ schema: JSONValue, _ path: String) -> [String] {
        if let values = schema["additionalProperties"] {
            return members.sorted { $0.key < $1.key }.flatMap { complaints($0.value, values, "\(path).\($0.key)") }
        }
        guard let properties = schema["properties"]?.object else { return [] }
        let missing = (schema["required"]?.array ?? []).compactMap(\.string).filter { members[$0] == nil }.map { "\(path).\($0): missing" }
        return missing
            + members.sorted { $0.key < $1.key }.flatMap { key, member in
                properties[key].map { complaints(member, $0, "\(path).\(key)") } ?? ["\(path).\(key): unknown"]
            }
    }

    /// A place in a document and the schema that governs it.
    struct Place {
        var path: String
        var steps: [Step]
        var value: JSONValue
        var schema: JSONValue
        var isRequired: Bool
    }

    enum Step { case key(String), index(Int) }

    /// Every property of a document, nested ones included.
    static func places(_ value: JSONValue, _ schema: JSONValue, _ path: String, steps: [Step] = []) -> [Place] {
        if let elements = value.array, let items = schema["items"] {
            return elements.enumerated().flatMap { places($1, items, "\(path)[\($0)]", steps: steps + [.index($0)]) }
        }
        guard let members = value.object, let properties = schema["properties"]?.object else { return [] }
        let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
        return members.sorted { $0.key < $1.key }.flatMap { key, member -> [Place] in
            guard let property = properties[key] else { return [] }
            let place = Place(
                path: "\(path).\(key)", steps: steps + [.key(key)], value: member, schema: property, isRequired: required.contains(key))
            return [place] + places(member, property, place.path, steps: place.steps)
        }
    }

    /// Property paths of a schema, with `[]` for elements.
    static func properties(_ schema: JSONValue, _ path: String) -> Set<String> {
        if let items = schema["items"] { return properties(items, "\(path)[]") }
        return (schema["properties"]?.object ?? [:]).reduce(into: []) { paths, property in
            let inner = "\(path).\(property.key)"
            paths.insert(inner)
            paths.formUnion(properties(property.value, inner))
        }
    }
}

extension JSONValue {
    /// The document with another value at a place; `nil` removes it.
    func setting(_ value: JSONValue?, at steps: ArraySlice<StructuralSchema.Step>) -> JSONValue {
        guard let step = steps.first else { return value ?? .null }
        var copy = self
        switch step {
        case .key(let key): copy[key] = steps.count == 1 ? value : (self[key] ?? .null).setting(value, at: steps.dropFirst())
        case .index(let index):
            var elements = array ?? []
            elements[index] = elements[index].setting(value, at: steps.dropFirst())
            copy = .array(elements)
        }
        return copy
    }

    /// Objects and lists united member by member; the other's scalars win.
    func merged(_ other: JSONValue) -> JSONValue {
        switch (self, other) {
        case (.object(let left), .object(let right)): .object(left.merging(right) { $0.merged($1) })
        case (.array(let left), .array(let right)):
            .array(left.indices.map { right.indices.contains($0) ? left[$0].merged(right[$0]) : left[$0] } + right.dropFirst(left.count))
        default: other
        }
    }
}
