import PostgresEngine
import Testing

@Suite("Quoting") struct QuotingTests {
    @Test("literals and identifiers survive quotes, backslashes and any script")
    func quoting() {
        #expect(SQL.literal("it's") == "'it''s'")
        #expect(SQL.literal(#"a\b"#) == #" E'a\\b'"#)
        #expect(SQL.identifier(#"Wéird "x""#) == #""Wéird ""x""""#)
    }
}
