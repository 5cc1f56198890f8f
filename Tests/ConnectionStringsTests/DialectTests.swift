import ConnectionStrings
import Testing

/// What each dialect beyond libpq's two reads and writes.
@Suite("Other dialects")
struct DialectTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var dialect: Dialect
        var from: String
        var hosts: String
        var login = "u/p"
        var database: String? = "d"
        /// Pointed at new:5432 (Redis: new:6379).
        var toDefault: String
        /// Pointed at new:6000.
        var to6000: String
        /// Pointed at new:5432 with another database and login.
        var everything: String
        var testDescription: String { from }
    }

    static let jdbc: [Case] = [
        Case(
            dialect: .jdbc, from: "jdbc:postgresql://h1:5432,h2/d?user=u&password=p&sslmode=require\n", hosts: "h1|5432 h2|-",
            toDefault: "jdbc:postgresql://new:5432/d?user=u&password=p&sslmode=require\n",
            to6000: "jdbc:postgresql://new:6000/d?user=u&password=p&sslmode=require\n",
            everything: "jdbc:postgresql://new:5432/7?user=a%3Bb&password=it%27s%20%22q%22%2F%2B&sslmode=require\n"),
        Case(
            dialect: .jdbc, from: "jdbc:p6spy:postgresql://[::1]/d?password=p&user=u", hosts: "::1|-",
            toDefault: "jdbc:p6spy:postgresql://new/d?password=p&user=u", to6000: "jdbc:p6spy:postgresql://new:6000/d?password=p&user=u",
            everything: "jdbc:p6spy:postgresql://new/7?password=it%27s%20%22q%22%2F%2B&user=a%3Bb"),
        Case(
            dialect: .jdbc, from: "JDBC:postgresql://h", hosts: "h|-", login: "-/-", database: nil, toDefault: "JDBC:postgresql://new",
            to6000: "JDBC:postgresql://new:6000", everything: "JDBC:postgresql://new/7?user=a%3Bb&password=it%27s%20%22q%22%2F%2B"),
        Case(
            dialect: .jdbc, from: "jdbc:postgresql://h/?user=u+u&ssl", hosts: "h|-", login: "u u/-", database: nil,
            toDefault: "jdbc:postgresql://new/?user=u+u&ssl", to6000: "jdbc:postgresql://new:6000/?user=u+u&ssl",
            everything: "jdbc:postgresql://new/7?user=a%3Bb&ssl&password=it%27s%20%22q%22%2F%2B"),
    ]

    static let adoNet: [Case] = [
        Case(
            dialect: .adoNet, from: "Host=h;Port=5433;Username=u;Password=p;Database=d;SSL Mode=Require;", hosts: "h|5433",
            toDefault: "Host=new;Port=5432;Username=u;Password=p;Database=d;SSL Mode=Require;",
            to6000: "Host=new;Port=6000;Username=u;Password=p;Database=d;SSL Mode=Require;",
            everything: #"Host=new;Port=5432;Username="a;b";Password="it's ""q""/+";Database=7;SSL Mode=Require;"#),
        Case(
            dialect: .adoNet, from: " DATA SOURCE = h ; user id='u';pwd = \"p\" ;Initial Catalog=d;Pooling=true", hosts: "h|-",
            toDefault: " DATA SOURCE = new ; user id='u';pwd = \"p\" ;Initial Catalog=d;Pooling=true",
            to6000: " DATA SOURCE = new;Port=6000 ; user id='u';pwd = \"p\" ;Initial Catalog=d;Pooling=true",
            everything: #" DATA SOURCE = new ; user id='a;b';pwd = "it's ""q""/+" ;Initial Catalog=7;Pooling=true"#),
        Case(
            dialect: .adoNet, from: "Server=h1:1,[::1]:2,h3;UserId=u;Psw=p;DB=d;Port=9", hosts: "h1|1 ::1|2 h3|9",
            toDefault: "Server=new:5432;UserId=u;Psw=p;DB=d;Port=5432", to6000: "Server=new:6000;UserId=u;Psw=p;DB=d;Port=6000",
            everything: #"Server=new:5432;UserId="a;b";Psw="it's ""q""/+";DB=7;Port=5432"#),
        Case(
            dialect: .adoNet, from: "host=h;uid=u;password='it''s;ü'", hosts: "h|-", login: "u/it's;ü", database: nil,
            toDefault: "host=new;uid=u;password='it''s;ü'", to6000: "host=new;Port=6000;uid=u;password='it''s;ü'",
            everything: #"host=new;Database=7;uid="a;b";password='it''s "q"/+'"#),
        Case(
            dialect: .adoNet, from: "Driver={PostgreSQL Unicode};Server=h;Port=5432;Database=d;Uid=u;Pwd=p;", hosts: "h|5432",
            toDefault: "Driver={PostgreSQL Unicode};Server=new;Port=5432;Database=d;Uid=u;Pwd=p;",
            to6000: "Driver={PostgreSQL Unicode};Server=new;Port=6000;Database=d;Uid=u;Pwd=p;",
            everything: #"Driver={PostgreSQL Unicode};Server=new;Port=5432;Database=7;Uid="a;b";Pwd="it's ""q""/+";"#),
    ]

    /// SQLAlchemy and pgx have no dialect of their own, but parameters and host lists of their own, as libpq's own URLs have.
    static let relatives: [Case] = [
        Case(
            dialect: .url, from: "postgresql://u:%70@[2001:db8::1]:5433,h2/d?options=-c%20search_path%3Da%2Cb&target_session_attrs=read-write",
            hosts: "2001:db8::1|5433 h2|-",
            toDefault: "postgresql://u:%70@new:5432/d?options=-c%20search_path%3Da%2Cb&target_session_attrs=read-write",
            to6000: "postgresql://u:%70@new:6000/d?options=-c%20search_path%3Da%2Cb&target_session_attrs=read-write",
            everything:
                "postgresql://a%3Bb:it%27s%20%22q%22%2F%2B@new:5432/7?options=-c%20search_path%3Da%2Cb&target_session_attrs=read-write"),
        Case(
            dialect: .url, from: "postgresql+psycopg2://u:p@/d?host=a:5433&host=b&x=1", hosts: "a|5433 b|-",
            toDefault: "postgresql+psycopg2://u:p@/d?host=new:5432&host=new&x=1",
            to6000: "postgresql+psycopg2://u:p@/d?host=new:6000&host=new:6000&x=1",
            everything: "postgresql+psycopg2://a%3Bb:it%27s%20%22q%22%2F%2B@/7?host=new:5432&host=new&x=1"),
        Case(
            dialect: .url, from: "postgres://u:p@h:5432/d?pool_max_conns=10&pool_min_conns=2", hosts: "h|5432",
            toDefault: "postgres://u:p@new:5432/d?pool_max_conns=10&pool_min_conns=2",
            to6000: "postgres://u:p@new:6000/d?pool_max_conns=10&pool_min_conns=2",
            everything: "postgres://a%3Bb:it%27s%20%22q%22%2F%2B@new:5432/7?pool_max_conns=10&pool_min_conns=2"),
        Case(
            dialect: .keywordValue, from: "user=u password=p host=h dbname=d pool_max_conns=10 pool_max_conn_lifetime=1h30m", hosts: "h|-",
            toDefault: "user=u password=p host=new dbname=d pool_max_conns=10 pool_max_conn_lifetime=1h30m",
            to6000: "user=u password=p host=new port=6000 dbname=d pool_max_conns=10 pool_max_conn_lifetime=1h30m",
            everything: #"user=a;b password='it\'s "q"/+' host=new dbname=7 pool_max_conns=10 pool_max_conn_lifetime=1h30m"#),
    ]

    static let redis: [Case] = [
        Case(
            dialect: .redisURL, from: "rediss://u:p@h:6380/2?timeout=1\n", hosts: "h|6380", database: "2",
            toDefault: "rediss://u:p@new:6379/2?timeout=1\n", to6000: "rediss://u:p@new:6000/2?timeout=1\n",
            everything: "rediss://a%3Bb:it%27s%20%22q%22%2F%2B@new:6379/7?timeout=1\n"),
        Case(
            dialect: .redisURL, from: "redis://p@h", hosts: "h|-", login: "-/p", database: nil, toDefault: "redis://p@new",
            to6000: "redis://p@new:6000", everything: "redis://a%3Bb:it%27s%20%22q%22%2F%2B@new/7"),
        Case(
            dialect: .redisURL, from: "redis-sentinel://:p@s1:26379,s2,[::1]:3/mymaster/0#x", hosts: "s1|26379 s2|- ::1|3", login: "-/p",
            database: "0",
            toDefault: "redis-sentinel://:p@new:6379/mymaster/0#x", to6000: "redis-sentinel://:p@new:6000/mymaster/0#x",
            everything: "redis-sentinel://a%3Bb:it%27s%20%22q%22%2F%2B@new:6379/mymaster/7#x"),
        Case(
            dialect: .redisURL, from: "rediss+cluster://u:p@n1:7000,n2:7001?x=1", hosts: "n1|7000 n2|7001", database: nil,
            toDefault: "rediss+cluster://u:p@new:6379?x=1", to6000: "rediss+cluster://u:p@new:6000?x=1",
            everything: "rediss+cluster://a%3Bb:it%27s%20%22q%22%2F%2B@new:6379/7?x=1"),
        Case(
            dialect: .redisNodes, from: "s1:26379,s2:26379,serviceName=mymaster,password=p", hosts: "s1|26379 s2|26379", login: "-/p",
            database: nil, toDefault: "new:6379,serviceName=mymaster,password=p", to6000: "new:6000,serviceName=mymaster,password=p",
            everything: #"new:6379,serviceName=mymaster,password=it's "q"/+,user=a;b,defaultDatabase=7"#),
        Case(
            dialect: .redisNodes, from: "h:6380,password=p=,ssl=True,abortConnect=False,user=u,sslHost=H,defaultDatabase=1", hosts: "h|6380",
            login: "u/p=", database: "1", toDefault: "new:6379,password=p=,ssl=True,abortConnect=False,user=u,sslHost=new,defaultDatabase=1",
            to6000: "new:6000,password=p=,ssl=True,abortConnect=False,user=u,sslHost=new,defaultDatabase=1",
            everything: #"new:6379,password=it's "q"/+,ssl=True,abortConnect=False,user=a;b,sslHost=new,defaultDatabase=7"#),
        Case(
            dialect: .redisNodes, from: "r0:6379, r1:6379 ,[::1]:6379\n", hosts: "r0|6379 r1|6379 ::1|6379", login: "-/-", database: nil,
            toDefault: "new:6379\n", to6000: "new:6000\n", everything: #"new:6379,user=a;b,password=it's "q"/+,defaultDatabase=7"# + "\n"),
        Case(
            dialect: .redisNodes, from: "redis://a:1,redis://b:2/", hosts: "a|1 b|2", login: "-/-", database: nil, toDefault: "redis://new:6379",
            to6000: "redis://new:6000", everything: #"redis://new:6379,user=a;b,password=it's "q"/+,defaultDatabase=7"#),
    ]

    @Test("Read and rewritten", arguments: jdbc + adoNet + relatives + redis)
    func dialect(_ example: Case) throws {
        let system = example.dialect.system
        let parsed = try ConnectionString.parse(example.from, for: system)
        #expect(parsed.dialect == example.dialect)
        #expect(parsed.hosts.map { "\($0.name)|\($0.port.map(String.init) ?? "-")" }.joined(separator: " ") == example.hosts)
        #expect("\(parsed.user ?? "-")/\(parsed.password ?? "-")" == example.login)
        #expect(parsed.database == example.database)
        let endpoint = ConnectionString.Endpoint(host: "new", port: system == .redis ? 6379 : 5432)
        #expect(try parsed.rewriting(endpoint: endpoint) == example.toDefault)
        #expect(try parsed.rewriting(endpoint: .init(host: "new", port: 6000)) == example.to6000)
        let login = ConnectionString.Credentials(user: "a;b", password: #"it's "q"/+"#)
        #expect(try parsed.rewriting(endpoint: endpoint, database: "7", credentials: login) == example.everything)
        #expect(!"\(parsed)".contains("password p"))
    }

    @Test("An IPv6 address is read back wherever it is written", arguments: jdbc + adoNet + relatives + redis)
    func ipv6(_ example: Case) throws {
        let parsed = try ConnectionString.parse(example.from, for: example.dialect.system)
        let written = try parsed.rewriting(endpoint: .init(host: "2001:db8::2", port: 6000))
        #expect(try ConnectionString.parse(written, for: example.dialect.system).pointsAt("2001:db8::2", 6000))
    }

    @Test("A password that the dialect cannot hold is refused, not written wrongly")
    func inexpressible() throws {
        let parsed = try ConnectionString.parse("h:6379,password=p", for: .redis)
        #expect(throws: ConnectionStringError.inexpressible(.redisNodes)) {
            try parsed.rewriting(endpoint: .init(host: "new", port: 6379), credentials: .init(user: "", password: "a,ssl=false"))
        }
    }

    @Test("StackExchange.Redis' default port follows ssl, Sentinel's its own")
    func defaultPorts() throws {
        #expect(try ConnectionString.parse("h,ssl=true", for: .redis).pointsAt("h", 6380))
        #expect(try ConnectionString.parse("h,ssl=false", for: .redis).pointsAt("h", 6379))
        #expect(try ConnectionString.parse("h,serviceName=m", for: .redis).pointsAt("h", 26379))
        #expect(try ConnectionString.parse("redis-sentinel://h/m", for: .redis).pointsAt("h", 26379))
    }
}
