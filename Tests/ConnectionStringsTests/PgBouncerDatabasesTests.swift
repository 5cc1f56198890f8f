import ConnectionStrings
import Testing

@Suite("The [databases] of PgBouncer")
struct PgBouncerDatabasesTests {
    private static let source = PgBouncerDatabases.Place(host: "old.example.com", port: 5432, database: "chain_db")
    private static let target = PgBouncerDatabases.Place(host: "new.example.com", port: 6432, database: "chain_db")

    private static let file = """
        ; chain = host=old.example.com is a comment
        [databases]
        %include /etc/pgbouncer/others.ini
        chain_db = host=old.example.com  pool_size=20   password='p w''=x'\u{20}
          reports=port=5432 host = 'OLD.example.com' dbname=chain_db
        "odd ""name" = host=old.example.com dbname=chain_db
        other = host=old.example.com dbname=other_db
        socket = dbname=chain_db
        [pgbouncer]
        listen_addr = host=old.example.com

        [users]
        chain_db = pool_mode=transaction
        """

    @Test("every line is read as PgBouncer reads it, in its section only")
    func read() throws {
        let databases = try PgBouncerDatabases.parse(Self.file)
        #expect(databases.entries.map(\.name) == ["chain_db", "reports", "odd \"name", "other", "socket"])
        #expect(databases.entries.map { $0.leads(to: Self.source) } == [true, true, true, false, false])
        #expect(databases.entries.map(\.host) == ["old.example.com", "OLD.example.com", "old.example.com", "old.example.com", nil])
        #expect(databases.entries.map(\.database) == ["chain_db", "chain_db", "chain_db", "other_db", "chain_db"])
    }

    @Test("lines that lead to the source lead to the target, and no other byte changes")
    func rewrite() throws {
        let databases = try PgBouncerDatabases.parse(Self.file)
        let text = databases.rewriting { $0.leads(to: Self.source) ? Self.target : nil }
        let expected = Self.file
            .replacing(
                "chain_db = host=old.example.com  pool_size=20   password='p w''=x'",
                with: "chain_db = host=new.example.com  pool_size=20   password='p w''=x' port=6432"
            )
            .replacing("reports=port=5432 host = 'OLD.example.com'", with: "reports=port=6432 host = new.example.com")
            .replacing(
                "\"odd \"\"name\" = host=old.example.com dbname=chain_db", with: "\"odd \"\"name\" = host=new.example.com dbname=chain_db port=6432")
        #expect(text == expected)
        let again = try PgBouncerDatabases.parse(text)
        #expect(again.entries.map { $0.leads(to: Self.target) } == [true, true, true, false, false])
        #expect(again.rewriting { $0.leads(to: Self.source) ? Self.target : nil } == text)
    }

    @Test(
        "a database of another name is written where it has to be",
        arguments: [("a = host=h", "a = host=n dbname='b c'"), ("a = dbname=a host=h\r\n", "a = dbname='b c' host=n\r\n")])
    func names(text: String, expected: String) throws {
        let databases = try PgBouncerDatabases.parse(text)
        #expect(databases.rewriting { _ in .init(host: "n", port: 5432, database: "b c") } == expected)
    }

    @Test("a file that is included needs no section of its own")
    func included() throws {
        #expect(try PgBouncerDatabases.parse("a = host=h\n").entries.map(\.name) == ["a"])
        #expect(try PgBouncerDatabases.parse("").entries == [])
    }

    @Test(
        "what cannot be read is told by its line, never by its content",
        arguments: [
            ("[databases]\nhost", 2, PgBouncerFileError.Fault.name), ("= host=h", 1, .name), ("a = host=h secret", 1, .missingEqualsSign),
            ("a = host='h secret", 1, .unterminatedQuote), ("\n\na = host=h port=secret", 3, .invalidPort),
            ("a = host=h port=70000", 1, .invalidPort),
        ])
    func faults(text: String, line: Int, fault: PgBouncerFileError.Fault) {
        #expect(throws: PgBouncerFileError(line: line, fault: fault)) { try PgBouncerDatabases.parse(text) }
        #expect(!PgBouncerFileError(line: line, fault: fault).description.contains("secret"))
    }
}
