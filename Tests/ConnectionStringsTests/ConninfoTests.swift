import ConnectionStrings
import Testing

@Suite("Writing keyword/value strings")
struct ConninfoTests {
    static let values: [(value: String, written: String)] = [
        ("plain", "plain"), ("", "''"), ("two words", "'two words'"), ("it's", #"'it\'s'"#), (#"a\b"#, #"'a\\b'"#), ("a=b", "a=b"),
        ("ü@/%", "ü@/%"), ("line\n", "'line\n'"), ("'", #"'\''"#),
    ]

    @Test("Quoting", arguments: values)
    func quoting(_ example: (value: String, written: String)) throws {
        let text = Conninfo.build([("host", "db"), ("password", example.value), ("user", "u")])
        #expect(text == "host=db password=\(example.written) user=u")
        #expect(try ConnectionString.parse(text).password ?? "" == example.value)
    }

    @Test("Nothing to write")
    func empty() { #expect(Conninfo.build([]).isEmpty) }
}
