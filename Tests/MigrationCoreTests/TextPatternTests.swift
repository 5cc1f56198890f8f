import Testing

@testable import MigrationCore

@Suite("Patterns for bodies")
struct TextPatternTests {
    @Test(
        "what matches, and what does not",
        arguments: [
            ("ok", "all ok here", true), ("^ok$", "ok", true), ("^ok$", "ok\n", false), ("a.c", "a\nc", false), ("a.c", "abc", true),
            ("[a-c]+x", "zzabcx", true), ("[^a-c]x", "ax", false), ("[]a]+$", "]a]", true), ("[a-]", "-", true), ("\\d{3}", "12 345", true),
            ("\\d{3,}", "12 34", false), ("^(ab){2,3}$", "ababab", true), ("^(ab){2,3}$", "abababab", false), ("^a?$", "", true),
            ("\\bup\\b", "set up.", true), ("\\bup\\b", "upper", false), ("\"status\": *\"(ok|up)\"", #"{"status":  "up"}"#, true),
            ("(?i)HEALTHY", "healthy", true), ("HEALTHY", "healthy", false), ("(?i)[a-z]+!", "OK!", true), ("", "", true), ("a|", "b", true),
            ("()*x", "x", true), ("(a*)*b", "aab", true), ("\\(\\)", "f()", true), ("é+", "caféé", true), ("^$", "a", false),
        ])
    func table(pattern: String, text: String, found: Bool) throws {
        #expect(try TextPattern(pattern).matches(text) == found)
    }

    @Test(
        "what is no pattern, or none that is known, is refused",
        arguments: [
            "(", ")", "a)", "[a", "[z-a]", "*a", "a**", "a{2}{3}", "a{3,2}", "a{x}", "\\", "\\1", "(?=a)", "(?<n>a)", "a{99999}", "(a{99}){99}",
            "((((){999}){999}){999}){999}", "[\\D]", "\\p{L}",
        ])
    func refused(pattern: String) {
        #expect(throws: PatternError.self) { try TextPattern(pattern) }
    }

    @Test("too long, or nested too deeply, is refused")
    func bounds() {
        #expect(throws: PatternError.self) { try TextPattern(String(repeating: "a", count: 257)) }
        #expect(throws: PatternError.self) { try TextPattern(String(repeating: "(", count: 40) + String(repeating: ")", count: 40)) }
    }

    @Test("patterns that explode elsewhere take time linear in the text", arguments: ["(a*)*b", "(a|a)*b", "(a+)+$b", "(.*)*x", "(a?){99}a{99}b"])
    func explosive(pattern: String) throws {
        let pattern = try TextPattern(pattern)
        let took = ContinuousClock().measure { #expect(!pattern.matches(String(repeating: "a", count: 65_536))) }
        // A backtracking search of 65,536 characters would not end.
        #expect(took < .seconds(20), "\(took)")
    }

    @Test("agrees with Swift's own regular expressions on random patterns")
    func oracle() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<3_000 {
            let pattern = Self.pattern(depth: 3, &random)
            let (ours, oracle) = (try TextPattern(pattern), try Regex(pattern))
            for _ in 0..<5 {
                let text = String((0..<Int.random(in: 0...6, using: &random)).map { _ in "abc".randomElement(using: &random) ?? "a" })
                #expect(ours.matches(text) == (try oracle.firstMatch(in: text) != nil), "\(pattern) in \(text)")
            }
        }
    }

    private static func pattern(depth: Int, _ random: inout SystemRandomNumberGenerator) -> String {
        let atoms = ["a", "b", "c", ".", "[ab]", "[^a]", "^", "$", "\\w"]
        guard depth > 0 else { return atoms.randomElement(using: &random) ?? "a" }
        let inner = { (random: inout SystemRandomNumberGenerator) in pattern(depth: depth - 1, &random) }
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return inner(&random) + inner(&random)
        case 1: return "(\(inner(&random))|\(inner(&random)))"
        case 2: return "(\(inner(&random)))\(["*", "+", "?", "{1,2}", "{2}", "+?"].randomElement(using: &random) ?? "*")"
        case 3: return "(?:\(inner(&random)))"
        default: return atoms.randomElement(using: &random) ?? "a"
        }
    }
}
