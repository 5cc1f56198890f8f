/// Explains what decoding a document stumbled over, with the path in it.
enum SpecDecoding {
    static func explain(_ error: any Error) -> SpecProblem {
        guard let error = error as? DecodingError else { return SpecProblem(path: "object", message: "cannot be read: \(error)") }
        return switch error {
        case .keyNotFound(let key, let context): SpecProblem(path: path(context.codingPath + [key]), message: "is missing")
        case .valueNotFound(_, let context): SpecProblem(path: path(context.codingPath), message: "is null; give a value or remove the field")
        case .typeMismatch(let type, let context):
            SpecProblem(path: path(context.codingPath), message: "has another type than \(name(of: type))")
        case .dataCorrupted(let context): SpecProblem(path: path(context.codingPath), message: context.debugDescription)
        @unknown default: SpecProblem(path: "object", message: "cannot be read")
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        let text = keys.reduce(into: "") { text, key in
            if let index = key.intValue { text += "[\(index)]" } else { text += (text.isEmpty ? "" : ".") + key.stringValue }
        }
        return text.isEmpty ? "object" : text
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any FixedWidthInteger.Type: "a whole number"
        case is any Sequence.Type: "a list or map"
        default: "an object"
        }
    }
}
