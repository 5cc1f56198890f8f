public import StructuredData

/// YAML 1.1 text, as libyaml reads it, with the scalars of the YAML 1.2 core schema: the subset Kubernetes files use.
public enum YAML {
    /// Reads every document of a text; empty documents are skipped.
    ///
    /// Keys have to be scalars and unique. Aliases are expanded, to at most 100,000 nodes in all.
    /// - Throws: ``YAMLError`` with the place of the problem.
    public static func decode(_ text: String) throws(YAMLError) -> [JSONValue] {
        var reader = try DocumentReader(text)
        return try reader.documents()
    }

    /// One document in block style, keys sorted, with a line end at its end.
    public static func encode(_ value: JSONValue) throws(YAMLError) -> String { try encode(documents: [value]) }

    /// Several documents, separated by `---`.
    public static func encode(documents: [JSONValue]) throws(YAMLError) -> String {
        let writer = try DocumentWriter()
        return try writer.text(of: documents)
    }
}

/// Text that is no YAML, or YAML that is no JSON.
public struct YAMLError: Error, Sendable, Hashable {
    public var message: String
    /// Both from 1; 0 when there is no place, as when writing.
    public var line: Int
    public var column: Int

    public init(message: String, line: Int = 0, column: Int = 0) {
        self.message = message
        self.line = line
        self.column = column
    }
}

extension YAMLError: CustomStringConvertible {
    public var description: String { line > 0 ? "YAML line \(line), column \(column): \(message)" : "YAML: \(message)" }
}
