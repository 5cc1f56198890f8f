import ConnectionStrings
import Testing

@Suite("Reading connection strings")
struct ParsingTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var hosts: String
        var user: String?
        var password: String?
        var database: String?
        var parameters: [String: String] = [:]
        var testDescription: String { text }
    }

    static let urls: [Case] = [
        Case(text: "postgres://app:pw@db:5433/orders", hosts: "db|5433", user: "app", password: "pw", database: "orders"),
        Case(text: "postgresql://db", hosts: "db|-"),
        Case(text: "POSTGRESQL://db/", hosts: "db|-"),
        Case(text: "postgresql+psycopg2://app@db/orders", hosts: "db|-", user: "app", database: "orders"),
        Case(text: "\t postgres://app:pw@db/orders \r\n", hosts: "db|-", user: "app", password: "pw", database: "orders"),
        Case(text: "postgres://app:@db/orders", hosts: "db|-", user: "app", database: "orders"),
        Case(text: "postgres://:pw@db", hosts: "db|-", password: "pw"),
        Case(text: "postgres://a%40b:p%40%2F%3A%25%3f@db/o%20s", hosts: "db|-", user: "a@b", password: "p@/:%?", database: "o s"),
        Case(text: "postgres://app:a+b@db", hosts: "db|-", user: "app", password: "a+b"),
        Case(text: "postgres://app:pässwörd@db/d%C3%A9", hosts: "db|-", user: "app", password: "pässwörd", database: "dé"),
        Case(text: "postgres://app@server:p@ss@db/x", hosts: "db|-", user: "app@server", password: "p@ss", database: "x"),
        Case(text: "postgres://app:a:b#c@db/x", hosts: "db|-", user: "app", password: "a:b#c", database: "x"),
        Case(text: "postgres://[2001:db8::1]:5433/x", hosts: "2001:db8::1|5433", database: "x"),
        Case(text: "postgres://u@[::1]?sslmode=require", hosts: "::1|-", user: "u", parameters: ["sslmode": "require"]),
        Case(text: "postgres://a:1,b,[::1]:3/x", hosts: "a|1 b|- ::1|3", database: "x"),
        Case(text: "postgres:///x?host=db&port=5433", hosts: "db|5433", database: "x"),
        Case(text: "postgres://u:p@/x?host=a,b&port=7", hosts: "a|7 b|7", user: "u", password: "p", database: "x"),
        Case(text: "postgres://stale:1/x?host=db&port=2&user=u&password=p%26&dbname=y", hosts: "db|2", user: "u", password: "p&", database: "y"),
        Case(
            text: "postgres://db/x?application_name=a%20b&flag&sslmode=disable&sslmode=require&e=", hosts: "db|-", database: "x",
            parameters: ["application_name": "a b", "flag": "", "sslmode": "require", "e": ""]),
    ]

    static let keywordValues: [Case] = [
        Case(text: "host=db port=5433 dbname=orders user=app password=pw", hosts: "db|5433", user: "app", password: "pw", database: "orders"),
        Case(text: " host = db\nuser\t=  app\n", hosts: "db|-", user: "app"),
        Case(text: #"host='db' password='it\'s \\ a "pass" word' user=a\ b"#, hosts: "db|-", user: "a b", password: #"it's \ a "pass" word"#),
        Case(text: "host='a'user='b'dbname=c", hosts: "a|-", user: "b", database: "c"),
        Case(text: "host=a host=b port=1 port=2 user=x user=y", hosts: "b|2", user: "y"),
        Case(text: "host=a,b,c port=1,,3", hosts: "a|1 b|- c|3"),
        Case(text: "host=a,b port=9", hosts: "a|9 b|9"),
        Case(text: "host=::1 password='' sslmode=require", hosts: "::1|-", parameters: ["sslmode": "require"]),
        Case(text: "host=db password=pä\\ß=%40", hosts: "db|-", password: "päß=%40"),
        Case(text: "host=db password=", hosts: "db|-"),
        Case(text: "host=db password= user=x", hosts: "db|-", password: "user=x"),
        Case(text: "host=db password=x\\", hosts: "db|-", password: "x"),
        Case(
            text: "host=db search_path=app hostaddr='' service=''", hosts: "db|-", parameters: ["search_path": "app", "hostaddr": "", "service": ""]),
    ]

    @Test("URLs", arguments: urls)
    func url(_ expected: Case) throws { try check(expected, .url) }

    @Test("keyword/value pairs", arguments: keywordValues)
    func keywordValue(_ expected: Case) throws { try check(expected, .keywordValue) }

    private func check(_ expected: Case, _ dialect: Dialect) throws {
        let parsed = try ConnectionString.parse(expected.text)
        #expect(parsed.dialect == dialect)
        #expect(parsed.text == expected.text)
        #expect(parsed.hosts.map { "\($0.name)|\($0.port.map(String.init) ?? "-")" }.joined(separator: " ") == expected.hosts)
        #expect(parsed.user == expected.user)
        #expect(parsed.password == expected.password)
        #expect(parsed.database == expected.database)
        #expect(parsed.parameters == expected.parameters)
    }

    @Test("Components stand where they are said to")
    func ranges() throws {
        func slices(_ text: String) throws -> [String] {
            let utf8 = Array(text.utf8)
            return try ConnectionString.parse(text).components.map { "\($0.kind)=\(String(decoding: utf8[$0.range], as: UTF8.self))" }
        }
        #expect(
            try slices(" postgresql+x://ü:p%40@[::1]:1,b/d?host=c,d&a=1\n")
                == ["scheme=postgresql+x", "user=ü", "password=p%40", "host=::1", "port=1", "host=b", "database=d", "host=c,d", #"parameter("a")=1"#])
        #expect(try slices(#"host = 'ü' password=a\ b x="#) == ["host='ü'", #"password=a\ b"#, #"parameter("x")="#])
    }

    @Test("pointsAt ignores case, knows the default port, and wants every host")
    func pointsAt() throws {
        let url = try ConnectionString.parse("postgres://DB.Example/x")
        #expect(url.pointsAt("db.example", 5432))
        #expect(!url.pointsAt("db.example", 5433))
        #expect(!url.pointsAt("db.example.com", 5432))
        #expect(try ConnectionString.parse("host=fe80::1 port=5433").pointsAt("[FE80::1]", 5433))
        #expect(try !ConnectionString.parse("host=a,b").pointsAt("a", 5432))
        #expect(try ConnectionString.parse("host=a,A").pointsAt("a", 5432))
    }
}
