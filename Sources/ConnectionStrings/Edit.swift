/// One replacement in a text, by byte offsets.
struct Edit: Sendable, Equatable {
    var range: Range<Int>
    var replacement: String

    /// - Parameter edits: ordered and disjoint, at boundaries of ASCII characters.
    static func apply(_ edits: [Edit], to text: String) -> String {
        let source = Array(text.utf8)
        var result: [UInt8] = []
        result.reserveCapacity(source.count + 64)
        var position = 0
        for edit in edits {
            result += source[position..<edit.range.lowerBound]
            result += edit.replacement.utf8
            position = edit.range.upperBound
        }
        result += source[position...]
        return String(decoding: result, as: UTF8.self)
    }
}
