/// A name from a catalogue, as the server tells names apart: byte by byte. To a `String` two spellings of é, one code point or two, are equal, while
/// PostgreSQL has two tables.
struct ExactName: Sendable, Hashable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
    let text: String

    init(_ text: String) { self.text = text }
    init(stringLiteral value: String) { text = value }

    var description: String { text }

    static func == (left: ExactName, right: ExactName) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }
    static func < (left: ExactName, right: ExactName) -> Bool { left.text.utf8.lexicographicallyPrecedes(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }
}

extension SQL {
    /// `schema.name`, both quoted, to be compared and looked up by.
    static func key(_ schema: String, _ name: String) -> ExactName { ExactName(identifier(schema, name)) }
}
