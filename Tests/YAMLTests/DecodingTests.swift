import StructuredData
import Testing
import YAML

@Suite("YAML text becomes documents")
struct DecodingTests {
    @Test(
        "scalars follow the core schema",
        arguments: [
            ("1", .integer(1)), ("-0", .integer(0)), ("0x1F", .integer(31)), ("0o17", .integer(15)), ("1.5", .number(1.5)), ("1e3", .number(1000)),
            (".5", .number(0.5)), ("true", .bool(true)), ("False", .bool(false)), ("yes", "yes"), ("on", "on"), ("~", .null), ("null", .null),
            ("0x1p3", "0x1p3"), ("1_000", "1_000"), ("12:30", "12:30"), ("'1'", "1"), ("\"true\"", "true"), ("1.2.3", "1.2.3"), ("-", nil),
            ("!!str 5", "5"), ("2024-01-02", "2024-01-02"), ("0777", .integer(777)), ("-.inf", "-.inf"), ("+", "+"),
            ("99999999999999999999", .number(1e20)),
        ] as [(String, JSONValue?)])
    func scalar(text: String, value: JSONValue?) throws {
        guard let value else { return }
        #expect(try YAML.decode("v: \(text)") == [["v": value]])
    }

    @Test("several documents, empty ones skipped")
    func documents() throws {
        #expect(try YAML.decode("---\n# nothing\n---\na: 1\n---\n- b\n...\n") == [["a": 1], ["b"]])
        #expect(try YAML.decode("").isEmpty)
    }

    @Test("aliases repeat what their anchor names")
    func aliases() throws {
        #expect(try YAML.decode("a: &x {k: [1, 2]}\nb: *x\n") == [["a": ["k": [1, 2]], "b": ["k": [1, 2]]]])
    }

    @Test("aliases that multiply are refused")
    func billionLaughs() {
        var text = "a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n"
        for level in 1...8 { text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",") + "]\n" }
        #expect(throws: YAMLError.self) { try YAML.decode(text) }
    }

    @Test(
        "problems carry their place",
        arguments: [
            ("a: 1\n  b: 2\n", 2, 4), ("a: 1\na: 2\n", 2, 1), ("a: *nowhere\n", 1, 4), ("a: [1\n", 2, 1), ("? [x]\n: 1\n", 1, 3),
        ])
    func problems(text: String, line: Int, column: Int) {
        let error = #expect(throws: YAMLError.self) { try YAML.decode(text) }
        #expect(error?.line == line)
        #expect(error?.column == column)
    }

    @Test("a block of text keeps its lines")
    func blocks() throws {
        #expect(try YAML.decode("a: |\n  one\n  two\nb: >-\n  one\n  two\n") == [["a": "one\ntwo\n", "b": "one two"]])
    }
}
