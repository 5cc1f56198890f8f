/// What a pattern says, before it is compiled.
indirect enum PatternNode {
    case take(PatternSet)
    case start
    case end
    case boundary(Bool)
    case sequence([PatternNode])
    case choice([PatternNode])
    case repeated(PatternNode, least: Int, most: Int?)
}

/// Reads a pattern by recursive descent. What it does not know is refused, never taken for something else.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var depth = 0

    init(_ text: Substring) { scalars = Array(text.unicodeScalars) }

    mutating func parse() throws(PatternError) -> PatternNode {
        let node = try choice()
        guard position == scalars.count else { throw PatternError("has a ')' without its '('") }
        return node
    }

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        position += 1
        return true
    }

    private mutating func choice() throws(PatternError) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= 32 else { throw PatternError("has groups nested more than 32 deep") }
        var branches = [try sequence()]
        while take("|") { branches.append(try sequence()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func sequence() throws(PatternError) -> PatternNode {
        var nodes: [PatternNode] = []
        while let scalar = next, scalar != "|", scalar != ")" { nodes.append(try quantified()) }
        return .sequence(nodes)
    }

    private mutating func quantified() throws(PatternError) -> PatternNode {
        let node = try atom()
        guard let (least, most) = try quantifier() else { return node }
        // Whether as much or as little as possible is taken makes no difference to whether something is found.
        _ = take("?")
        if try quantifier() != nil { throw PatternError("repeats a repetition; put the inner one in parentheses") }
        return .repeated(node, least: least, most: most)
    }

    private mutating func quantifier() throws(PatternError) -> (least: Int, most: Int?)? {
        if take("*") { return (0, nil) }
        if take("+") { return (1, nil) }
        if take("?") { return (0, 1) }
        guard take("{") else { return nil }
        guard let least = number() else { throw PatternError("has a '{' that counts nothing; write \\{ for the character") }
        var most: Int? = least
        if take(",") { most = next == "}" ? nil : number() ?? -1 }
        guard take("}"), most.map({ $0 >= least }) != false else { throw PatternError("has a count in braces that is none") }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, (48...57).contains(scalar.value), (value ?? 0) < 10_000 {
            value = (value ?? 0) * 10 + Int(scalar.value - 48)
            position += 1
        }
        return value
    }

    private mutating func atom() throws(PatternError) -> PatternNode {
        guard let scalar = next else { throw PatternError("ends too early") }
        position += 1
        switch scalar {
        case "(":
            if take("?") {
                guard take(":") else { throw PatternError("has a '(?' that is not '(?:'; lookaround and options within are not known") }
            }
            let node = try choice()
            guard take(")") else { throw PatternError("has a '(' without its ')'") }
            return node
        case "[": return .take(try set())
        case ".": return .take(.any)
        case "^": return .start
        case "$": return .end
        case "*", "+", "?", "{": throw PatternError("repeats nothing at '\(scalar)'; write \\\(scalar) for the character")
        case "\\": return try escape()
        default: return .take(.one(scalar))
        }
    }

    private mutating func escape() throws(PatternError) -> PatternNode {
        guard let scalar = next else { throw PatternError("ends in a backslash") }
        if scalar == "b" || scalar == "B" {
            position += 1
            return .boundary(scalar == "b")
        }
        return .take(try escapedSet())
    }

    private mutating func escapedSet() throws(PatternError) -> PatternSet {
        guard let scalar = next else { throw PatternError("ends in a backslash") }
        position += 1
        switch scalar {
        case "d": return .digits
        case "D": return .digits.inverted
        case "w": return .words
        case "W": return .words.inverted
        case "s": return .spaces
        case "S": return .spaces.inverted
        case "n": return .one("\n")
        case "r": return .one("\r")
        case "t": return .one("\t")
        case _ where PatternSet.isWord(scalar):
            throw PatternError("has '\\\(scalar)', which is not known; there are no back-references, which cannot be found in linear time")
        default: return .one(scalar)
        }
    }

    private mutating func set() throws(PatternError) -> PatternSet {
        var set = PatternSet(ranges: [], isNegated: take("^"))
        var isFirst = true
        while let scalar = next, isFirst || scalar != "]" {
            isFirst = false
            let lower = try member()
            guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                set.ranges += lower.ranges
                continue
            }
            position += 1
            let upper = try member()
            guard let from = lower.only, let to = upper.only, from <= to else { throw PatternError("has a range in brackets that is none") }
            set.ranges.append(from...to)
        }
        guard take("]") else { throw PatternError("has a '[' without its ']'") }
        return set
    }

    private mutating func member() throws(PatternError) -> PatternSet {
        guard let scalar = next else { throw PatternError("has a '[' without its ']'") }
        position += 1
        guard scalar == "\\" else { return .one(scalar) }
        let set = try escapedSet()
        guard set.isNegated else { return set }
        throw PatternError("has \\D, \\W or \\S within brackets; write [^…] instead")
    }
}

extension PatternSet {
    /// The one character it takes, where it is one.
    fileprivate var only: UInt32? { ranges.count == 1 && ranges[0].count == 1 ? ranges[0].lowerBound : nil }
}
