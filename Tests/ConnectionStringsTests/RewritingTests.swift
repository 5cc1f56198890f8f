import ConnectionStrings
import Testing

@Suite("Rewriting connection strings")
struct RewritingTests {
    typealias Case = (from: String, to: String)

    static let toNewDefault: [Case] = [
        ("postgres://u:p%40@old/d?sslmode=require\n", "postgres://u:p%40@new/d?sslmode=require\n"),
        ("postgres://u@old:6432/d", "postgres://u@new:5432/d"),
        ("postgresql+asyncpg://a:1,b:2,[::1]/d", "postgresql+asyncpg://new:5432/d"),
        ("postgres://[::1]", "postgres://new"),
        ("postgres:///d?host=old&x=1", "postgres:///d?host=new&x=1"),
        ("postgres://old/d?port=1", "postgres://new/d?port=5432"),
        ("postgres://:1/d?host=old", "postgres://:5432/d?host=new"),
        ("postgres://a:1/d?host=b&port=2&host=c", "postgres://new:5432/d?host=new&port=5432&host=new"),
        ("host=old user=u", "host=new user=u"),
        ("  host =  'old'port='1'user=u \n", "  host =  'new'port='5432'user=u \n"),
        ("port=1 host=a,b host=c password='x y'", "port=5432 host=new host=new password='x y'"),
    ]

    static let toNew6000: [Case] = [
        ("postgres://u:p@old/d", "postgres://u:p@new:6000/d"),
        ("postgres://old", "postgres://new:6000"),
        ("postgres:///d?host=old&x=1", "postgres:///d?host=new&port=6000&x=1"),
        ("postgres://old?host=b", "postgres://new:6000?host=new"),
        ("host=old user=u", "host=new port=6000 user=u"),
        ("host='old'user=u", "host='new' port=6000 user=u"),
        ("password=x host=old\n", "password=x host=new port=6000\n"),
        ("host=old password=x\\", "host=new port=6000 password=x\\"),
        ("host=a port=", "host=new port=6000"),
    ]

    @Test("Default port", arguments: toNewDefault)
    func defaultPort(_ example: Case) throws { try check(example, ConnectionString.Endpoint(host: "new")) }

    @Test("Another port", arguments: toNew6000)
    func otherPort(_ example: Case) throws { try check(example, ConnectionString.Endpoint(host: "new", port: 6000)) }

    private func check(_ example: Case, _ endpoint: ConnectionString.Endpoint) throws {
        let rewritten = try ConnectionString.parse(example.from).rewriting(endpoint: endpoint)
        #expect(rewritten == example.to)
        let again = try ConnectionString.parse(rewritten)
        #expect(again.pointsAt(endpoint.host, endpoint.port))
        #expect(try again.rewriting(endpoint: endpoint) == rewritten)
    }

    @Test("IPv6 gets brackets where an address has them")
    func ipv6() throws {
        let endpoint = ConnectionString.Endpoint(host: "[fe80::1%eth0]", port: 6000)
        #expect(try ConnectionString.parse("postgres://old/d").rewriting(endpoint: endpoint) == "postgres://[fe80::1%25eth0]:6000/d")
        #expect(try ConnectionString.parse("postgres://?host=old").rewriting(endpoint: endpoint) == "postgres://?host=fe80::1%25eth0&port=6000")
        #expect(try ConnectionString.parse("host=old").rewriting(endpoint: endpoint) == "host=fe80::1%eth0 port=6000")
    }

    static let everything: [Case] = [
        ("postgres://u:p@old/d?x=1", "postgres://a%40b:it%27s%20%2F%5C@new/n%20d?x=1"),
        ("postgres://old", "postgres://a%40b:it%27s%20%2F%5C@new/n%20d"),
        ("postgres://u@old/", "postgres://a%40b:it%27s%20%2F%5C@new/n%20d"),
        ("postgres://old?user=u&password=p&dbname=d", "postgres://new?user=a%40b&password=it%27s%20%2F%5C&dbname=n%20d"),
        ("postgres://u:p@old/d?user=u&dbname=d", "postgres://a%40b:it%27s%20%2F%5C@new/n%20d?user=a%40b&dbname=n%20d"),
        ("host=old dbname=d user='u' password=p x=1", #"host=new dbname='n d' user='a@b' password='it\'s /\\' x=1"#),
        ("host=old\n", #"host=new dbname='n d' user=a@b password='it\'s /\\'"# + "\n"),
    ]

    @Test("Database and credentials on request", arguments: everything)
    func databaseAndCredentials(_ example: Case) throws {
        let login = ConnectionString.Credentials(user: "a@b", password: #"it's /\"#)
        let rewritten = try ConnectionString.parse(example.from).rewriting(endpoint: .init(host: "new"), database: "n d", credentials: login)
        #expect(rewritten == example.to)
        let parsed = try ConnectionString.parse(rewritten)
        #expect(parsed.user == login.user && parsed.password == login.password && parsed.database == "n d")
    }
}
