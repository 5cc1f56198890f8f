import StructuredData
import Testing
import YAML

@Suite("documents become YAML text")
struct EncodingTests {
    @Test("keys are sorted, blocks are indented, empty collections stay visible")
    func layout() throws {
        let text = try YAML.encode(["b": [1, "x"], "a": ["c": [:], "d": []], "t": true, "n": nil])
        #expect(text == "a:\n  c: {}\n  d: []\nb:\n- 1\n- x\n\"n\": null\nt: true\n")
    }

    @Test(
        "what is written is read again as the same",
        arguments: [
            "", "1", "true", "null", "~", "yes", "0x10", "- a", "a: b", "#c", "a\nb\n", "a\nb", "  lead", "trail ", "\t", "ü 😀", "'", "\"", "1_000",
            "{", "*a", "!t",
            "12:30:45", "1e3", "\n", "\n\nx", "é\u{85}\u{2028}", "\u{7}", "no", "=", "<<", ".", "2024-01-02",
        ])
    func roundTrip(text: String) throws {
        let document: JSONValue = ["k": .string(text), "list": [.string(text)]]
        #expect(try YAML.decode(YAML.encode(document)) == [document])
    }

    @Test("text another reader takes for something else is quoted", arguments: ["yes", "off", "1_000", "12:30", "1", "null", "0o7"])
    func quoted(text: String) throws {
        #expect(try YAML.encode(["k": .string(text)]) == "k: \"\(text)\"\n")
    }

    @Test("documents are separated")
    func several() throws {
        let text = try YAML.encode(documents: [["a": 1], ["b": 2]])
        #expect(text == "a: 1\n---\nb: 2\n")
        #expect(try YAML.decode(text).count == 2)
    }
}
