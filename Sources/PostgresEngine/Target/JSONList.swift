import StructuredData

/// Lists of names travel as JSON: PostgreSQL's array text would need a parser of its own.
enum JSONList {
    static func decode(_ text: String?) throws -> [String] { try text.map { try JSON.decode([String].self, from: $0) } ?? [] }
}
