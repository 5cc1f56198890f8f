/// A regular expression without back-references and lookaround, which takes time linear in the text: all alternatives are followed at once, none is
/// tried and taken back. So no pattern explodes, and the bound of a search is (characters of the text) × (``programLimit``).
///
/// Knows literals, `.`, `[…]`, `\d \w \s \D \W \S`, `\b`, groups, `|`, `* + ? {m} {m,} {m,n}`, `^` and `$` (of the whole text), and `(?i)` in front
/// for ASCII letters of either case. `.` is everything but a line feed.
public struct TextPattern: Sendable {
    /// Unicode scalars of a pattern.
    public static let lengthLimit = 256
    /// Steps of a compiled pattern; counted repetitions are written out, so that `(a{99}){99}` is refused.
    public static let programLimit = 1_000

    private let program: [PatternStep]
    private let ignoresCase: Bool

    public init(_ text: String) throws(PatternError) {
        guard text.unicodeScalars.count <= Self.lengthLimit else { throw PatternError("is longer than \(Self.lengthLimit) characters") }
        ignoresCase = text.hasPrefix("(?i)")
        var parser = PatternParser(ignoresCase ? text.dropFirst(4) : text[...])
        program = try PatternCompiler.compile(try parser.parse(), limit: Self.programLimit)
    }

    /// Whether it occurs anywhere in the text.
    public func matches(_ text: String) -> Bool {
        var threads = Threads(capacity: program.count)
        var next = Threads(capacity: program.count)
        var before: Unicode.Scalar?
        var scalars = text.unicodeScalars.makeIterator()
        var current = scalars.next()
        while true {
            // A match may begin at every place.
            if follow(0, into: &threads, before, current) { return true }
            guard let scalar = current else { return false }
            let after = scalars.next()
            next.removeAll()
            for step in threads.waiting {
                guard case .take(let set) = program[step], set.contains(scalar, ignoringCase: ignoresCase) else { continue }
                if follow(step + 1, into: &next, scalar, after) { return true }
            }
            swap(&threads, &next)
            (before, current) = (scalar, after)
        }
    }

    /// Goes on from a step through everything that takes no character.
    /// - Returns: whether the end of the program is among it.
    private func follow(_ start: Int, into threads: inout Threads, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?) -> Bool {
        threads.open.append(start)
        while let step = threads.open.popLast() {
            guard threads.visit(step) else { continue }
            switch program[step] {
            case .take: threads.waiting.append(step)
            case .split(let one, let other):
                threads.open.append(other)
                threads.open.append(one)
            case .jump(let to): threads.open.append(to)
            case .start: if before == nil { threads.open.append(step + 1) }
            case .end: if after == nil { threads.open.append(step + 1) }
            case .boundary(let wanted):
                if (PatternSet.isWord(before) != PatternSet.isWord(after)) == wanted { threads.open.append(step + 1) }
            case .match: return true
            }
        }
        return false
    }

    /// The places in the program at which a search stands.
    private struct Threads {
        var waiting: [Int] = []
        /// Steps still to follow; empty between two characters.
        var open: [Int] = []
        /// For each step the character, by its number, at which it was last visited.
        private var visited: [Int]
        private var number = 0

        init(capacity: Int) { visited = Array(repeating: -1, count: capacity) }

        mutating func visit(_ step: Int) -> Bool {
            if visited[step] == number { return false }
            visited[step] = number
            return true
        }

        mutating func removeAll() {
            waiting.removeAll(keepingCapacity: true)
            open.removeAll(keepingCapacity: true)
            number += 1
        }
    }
}

/// Why a text is no pattern; a sentence without its subject.
public struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}

/// One step of a compiled pattern.
enum PatternStep: Sendable, Hashable {
    case take(PatternSet)
    case split(Int, Int)
    case jump(Int)
    case start
    case end
    case boundary(Bool)
    case match
}

/// Characters that one place of a pattern takes.
struct PatternSet: Sendable, Hashable {
    var ranges: [ClosedRange<UInt32>]
    var isNegated = false

    static let any = PatternSet(ranges: [10...10], isNegated: true)
    static let digits = PatternSet(ranges: [48...57])
    static let words = PatternSet(ranges: [48...57, 65...90, 95...95, 97...122])
    static let spaces = PatternSet(ranges: [9...13, 32...32])

    static func one(_ scalar: Unicode.Scalar) -> PatternSet { PatternSet(ranges: [scalar.value...scalar.value]) }
    static func isWord(_ scalar: Unicode.Scalar?) -> Bool { scalar.map { words.contains($0.value) } ?? false }

    var inverted: PatternSet { PatternSet(ranges: ranges, isNegated: !isNegated) }

    func contains(_ scalar: Unicode.Scalar, ignoringCase: Bool) -> Bool {
        let value = scalar.value
        guard ignoringCase, (65...90).contains(value & ~32) else { return contains(value) != isNegated }
        return (contains(value) || contains(value ^ 32)) != isNegated
    }

    private func contains(_ value: UInt32) -> Bool { ranges.contains { $0.contains(value) } }
}
