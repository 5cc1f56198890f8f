import Testing

@testable import PostgresEngine

@Suite("Locale of a new database")
struct DatabaseLocaleTests {
    @Test("The provider is named where the server knows the word: a target of another default would take its own")
    func clauses() {
        let libc = DatabaseLocale(.libc, collate: "C.UTF-8", ctype: "de_DE.UTF-8")
        #expect(libc.clause(major: 14) == "LC_COLLATE 'C.UTF-8' LC_CTYPE 'de_DE.UTF-8'")
        #expect(libc.clause(major: 15) == "LOCALE_PROVIDER libc LC_COLLATE 'C.UTF-8' LC_CTYPE 'de_DE.UTF-8'")
        let builtin = DatabaseLocale(.builtin, collate: "C", ctype: "C", name: "C.UTF-8")
        #expect(builtin.clause(major: 17) == "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'")
        let icu = DatabaseLocale(.icu, collate: "C", ctype: "C", name: "und", rules: "&a < 'b'")
        #expect(icu.clause(major: 18) == "LOCALE_PROVIDER icu ICU_LOCALE 'und' LC_COLLATE 'C' LC_CTYPE 'C' ICU_RULES '&a < ''b'''")
    }

    @Test("Catalogs of each major are asked for the columns they have", arguments: [140_011, 150_015, 160_002, 170_010, 180_006])
    func columns(version: Int) {
        let text = DatabaseLocale.columns(version: version)
        #expect(text.contains("datlocprovider") == (version >= 150_000))
        #expect(text.contains("daticulocale") == (150_000..<170_000).contains(version))
        #expect(text.contains("datlocale") == (version >= 170_000) && text.contains("daticurules") == (version >= 160_000))
    }
}
