/// A value of a document and its place there.
struct DocumentValue: Sendable {
    /// Keys and list indices from the outside in, the value's own key last. What stands before the last decides which values belong together.
    var path: [String]
    var text: EmbeddedText

    var key: String { path.last ?? "" }
    var parent: [String] { path.dropLast() }
    var name: String { path.joined(separator: ".") }
}

/// A document taken apart.
struct DocumentReading: Sendable {
    var values: [DocumentValue] = []
    /// Where comments stand.
    var comments: [Range<Int>] = []
    /// Lists and tables on one line, of which only quoted text is read, and not what it belongs to.
    var inline: [Range<Int>] = []
}
