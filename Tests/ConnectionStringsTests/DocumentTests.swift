import ConnectionStrings
import Testing

@Suite("Documents that hold connection strings")
struct DocumentTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var format: ConnectionDocument.Format
        var from: String
        /// Names of the entries.
        var names: String
        /// With everything that led to old:5432 pointed at new:6000.
        var to: String
        /// With everything that led to old pointed at new:5432, and another login.
        var login: String
        var testDescription: String { format.rawValue + " " + names }
    }

    static let environment: [Case] = [
        Case(
            format: .environment,
            from:
                "# postgres://u:p@old/comment\nexport DATABASE_URL=postgres://u:p@old:5432/d # main\r\nCACHE='redis://:p@r:6379'\nREAD=\"postgres://u@other/d\"\n",
            names: "DATABASE_URL READ",
            to:
                "# postgres://u:p@old/comment\nexport DATABASE_URL=postgres://u:p@new:6000/d # main\r\nCACHE='redis://:p@r:6379'\nREAD=\"postgres://u@other/d\"\n",
            login:
                "# postgres://u:p@old/comment\nexport DATABASE_URL=postgres://a%22b:it%27s%20%5C%24x@new:5432/d # main\r\nCACHE='redis://:p@r:6379'\nREAD=\"postgres://u@other/d\"\n"
        ),
        Case(
            format: .environment, from: "DB_HOST=old\nDB_NAME=d\nDB_USER='u'\nDB_PASSWORD=p\nOTHER=1\n", names: "db_*",
            to: "DB_HOST=new\nDB_PORT=6000\nDB_NAME=d\nDB_USER='u'\nDB_PASSWORD=p\nOTHER=1\n",
            login: "DB_HOST=new\nDB_NAME=d\nDB_USER='a\"b'\nDB_PASSWORD=\"it's \\\\\\$x\"\nOTHER=1\n"),
        Case(
            format: .environment, from: "ConnectionStrings__Main=\"Host=old;Username=u;Password=p;Database=d\"\n", names: "ConnectionStrings__Main",
            to: "ConnectionStrings__Main=\"Host=new;Port=6000;Username=u;Password=p;Database=d\"\n",
            login: "ConnectionStrings__Main=\"Host=new;Username='a\\\"b';Password=\\\"it's \\\\\\$x\\\";Database=d\"\n"),
    ]

    static let json: [Case] = [
        Case(
            format: .json, from: #"{"a": {"url": "postgres:\/\/u:p@old:5432\/d"}, "list": ["x", "postgres://u@other/d"], "n": 1.5}"#,
            names: "a.url list.1",
            to: #"{"a": {"url": "postgres:\/\/u:p@new:6000\/d"}, "list": ["x", "postgres://u@other/d"], "n": 1.5}"#,
            login: #"{"a": {"url": "postgres:\/\/a%22b:it%27s%20%5C%24x@new:5432\/d"}, "list": ["x", "postgres://u@other/d"], "n": 1.5}"#),
        Case(
            format: .bare,
            from: #" {"ENGINE": "django.db.backends.postgresql", "NAME": "d", "USER": "u", "PASSWORD": "p\u00fc", "HOST": "old", "PORT": 5432}"#,
            names: "",
            to: #" {"ENGINE": "django.db.backends.postgresql", "NAME": "d", "USER": "u", "PASSWORD": "p\u00fc", "HOST": "new", "PORT": 6000}"#,
            login:
                #" {"ENGINE": "django.db.backends.postgresql", "NAME": "d", "USER": "a\"b", "PASSWORD": "it's \\$x", "HOST": "new", "PORT": 5432}"#),
        Case(
            format: .json,
            from:
                #"{"default":{"ENGINE":"django.db.backends.postgresql","NAME":"d","HOST":"old","USER":"u","PASSWORD":"p"},"other":{"ENGINE":"django.db.backends.postgresql","HOST":"o"},"m":{"ENGINE":"django.db.backends.mysql","HOST":"old"}}"#,
            names: "default.* other.*",
            to:
                #"{"default":{"ENGINE":"django.db.backends.postgresql","NAME":"d","HOST":"new", "PORT": "6000","USER":"u","PASSWORD":"p"},"other":{"ENGINE":"django.db.backends.postgresql","HOST":"o"},"m":{"ENGINE":"django.db.backends.mysql","HOST":"old"}}"#,
            login:
                #"{"default":{"ENGINE":"django.db.backends.postgresql","NAME":"d","HOST":"new","USER":"a\"b","PASSWORD":"it's \\$x"},"other":{"ENGINE":"django.db.backends.postgresql","HOST":"o"},"m":{"ENGINE":"django.db.backends.mysql","HOST":"old"}}"#
        ),
    ]

    static let yaml: [Case] = [
        Case(
            format: .yaml,
            from:
                "# old\napp:\n  url: 'postgres://u:p@old/d'   # it's\n  dsn: host=old password=p dbname=d\n  jdbc: \"jdbc:postgresql://old:5432/d\"\nlist:\n- postgres://u@other/d\n",
            names: "app.url app.dsn app.jdbc list.#1.line",
            to:
                "# old\napp:\n  url: 'postgres://u:p@new:6000/d'   # it's\n  dsn: host=new port=6000 password=p dbname=d\n  jdbc: \"jdbc:postgresql://new:6000/d\"\nlist:\n- postgres://u@other/d\n",
            login:
                "# old\napp:\n  url: 'postgres://a%22b:it%27s%20%5C%24x@new/d'   # it's\n  dsn: \"host=new user=a\\\"b password='it\\\\'s \\\\\\\\$x' dbname=d\"\n  jdbc: \"jdbc:postgresql://new:5432/d?user=a%22b&password=it%27s%20%5C%24x\"\nlist:\n- postgres://u@other/d\n"
        ),
        Case(
            format: .yaml,
            from:
                "production:\n  adapter: postgresql\n  host: old # here\n  username: u\n  password: 'p'\n  database: d\ntest:\n  adapter: sqlite3\n  host: old\n",
            names: "production.*",
            to:
                "production:\n  adapter: postgresql\n  host: new # here\n  port: 6000\n  username: u\n  password: 'p'\n  database: d\ntest:\n  adapter: sqlite3\n  host: old\n",
            login:
                "production:\n  adapter: postgresql\n  host: new # here\n  username: a\"b\n  password: 'it''s \\$x'\n  database: d\ntest:\n  adapter: sqlite3\n  host: old\n"
        ),
        Case(
            format: .yaml, from: "data:\n  .env: |\n    # x\n    DATABASE_URL=postgres://u:p@old/d\n    X=1\n", names: "data..env.DATABASE_URL",
            to: "data:\n  .env: |\n    # x\n    DATABASE_URL=postgres://u:p@new:6000/d\n    X=1\n",
            login: "data:\n  .env: |\n    # x\n    DATABASE_URL=postgres://a%22b:it%27s%20%5C%24x@new/d\n    X=1\n"),
    ]

    static let others: [Case] = [
        Case(
            format: .toml, from: "[main]\nurl = \"postgres://u:p@old/d\" # \"x\"\nlist = ['postgres://u@other/d', \"x\"]\n[pool]\nsize = 5\n",
            names: "main.url main.list.0",
            to: "[main]\nurl = \"postgres://u:p@new:6000/d\" # \"x\"\nlist = ['postgres://u@other/d', \"x\"]\n[pool]\nsize = 5\n",
            login: "[main]\nurl = \"postgres://a%22b:it%27s%20%5C%24x@new/d\" # \"x\"\nlist = ['postgres://u@other/d', \"x\"]\n[pool]\nsize = 5\n"),
        Case(
            format: .toml, from: "[db]\nhost = 'old'\nuser = 'u'\npassword = 'p'\ndatabase = \"d\"\n", names: "db.*",
            to: "[db]\nhost = 'new'\nport = 6000\nuser = 'u'\npassword = 'p'\ndatabase = \"d\"\n",
            login: "[db]\nhost = 'new'\nuser = 'a\"b'\npassword = \"it's \\\\$x\"\ndatabase = \"d\"\n"),
        Case(
            format: .passwordFile, from: "# old\nold:5432:d:u:p\\:\\\\x\n*:*:*:u:p\nother:5432:d:u:p\n", names: "line 2 line 4",
            to: "# old\nnew:6000:d:u:p\\:\\\\x\n*:*:*:u:p\nother:5432:d:u:p\n",
            login: "# old\nnew:5432:d:a\"b:it's \\\\$x\n*:*:*:u:p\nother:5432:d:u:p\n"),
        Case(
            format: .serviceFile, from: "# old\n[a]\nhost=old\ndbname=d\nuser=u\npassword=p\n\n[b]\nhost=other\n", names: "a b",
            to: "# old\n[a]\nhost=new\nport=6000\ndbname=d\nuser=u\npassword=p\n\n[b]\nhost=other\n",
            login: "# old\n[a]\nhost=new\ndbname=d\nuser=a\"b\npassword=it's \\$x\n\n[b]\nhost=other\n"),
    ]

    @Test("Only what led to the old server changes", arguments: environment + json + yaml + others)
    func rewriting(_ example: Case) throws {
        let document = try ConnectionDocument.parse(example.from)
        #expect(document.format == example.format)
        #expect(document.entries.map(\.name).joined(separator: " ") == example.names)
        let moved = try document.rewriting { $0.string.pointsAt("old", 5432) ? .init(endpoint: .init(host: "new", port: 6000)) : nil }
        #expect(moved == example.to)
        let login = ConnectionString.Credentials(user: #"a"b"#, password: #"it's \$x"#)
        let relogged = try document.rewriting { $0.string.pointsAt("old", 5432) ? .init(endpoint: .init(host: "new"), credentials: login) : nil }
        #expect(relogged == example.login)
        #expect(try document.rewriting { _ in nil } == example.from)
    }

    @Test("A document of one connection string is that string")
    func bare() throws {
        let document = try ConnectionDocument.parse("Host=h;Database=d")
        #expect(document.format == .bare && document.entries.count == 1 && document.entries[0].name == "")
    }

    @Test("A Redis string is found when Redis is meant")
    func redis() throws {
        let document = try ConnectionDocument.parse("A=postgres://h/d\nB=rediss://:p@old:6380\nC=old:6380,password=p,ssl=True\n", for: .redis)
        let moved = try document.rewriting { _ in .init(endpoint: .init(host: "new", port: 6380)) }
        #expect(moved == "A=postgres://h/d\nB=rediss://:p@new:6380\nC=new:6380,password=p,ssl=True\n")
    }

    static let refusals: [(text: String, error: ConnectionStringError)] = [
        ("", .notAConnectionString(.postgreSQL)), ("A=1\nB=hunter2\n", .notAConnectionString(.postgreSQL)),
        ("a: hunter2\n", .notAConnectionString(.postgreSQL)),
        ("A=redis://:hunter2@h\n", .notAConnectionString(.postgreSQL)),
        ("A=postgres://u:hunter2%@h\n", .inDocument(entry: "A", .malformed(.url, component: "password", .invalidPercentEncoding))),
        ("A=postgres://h/d\nB=see postgres://u:hunter2@h\n", .outOfReach(line: 2)),
        ("a = \"\"\"\npostgres://u:hunter2@h/d\"\"\"\nb = \"postgres://h/d\"\n", .outOfReach(line: 2)),
        ("url = \"postgres://u:hunter2@src/app\"\nreporting = { host = \"src\", database = \"app\" }\n", .outOfReach(line: 2)),
        ("reporting: {host: Src, port: 5432}\nurl: postgres://u:hunter2@src/app\n", .outOfReach(line: 1)),
        ("url: postgres://u:hunter2@src/app\nreplicas: ['src:5433', other]\n", .outOfReach(line: 2)),
        ("[s]\nhost=h\nport=hunter2\n", .inDocument(entry: "s", .malformed(.serviceFile, component: "port", .invalidPort))),
        ("{\"ENGINE\":\"postgresql\",\"HOST\":\"/run/hunter2\"}", .inDocument(entry: "the settings", .unsupported(.unixSocket))),
    ]

    @Test("Refused documents", arguments: refusals)
    func refusal(_ refusal: (text: String, error: ConnectionStringError)) {
        #expect(throws: refusal.error) { try ConnectionDocument.parse(refusal.text) }
        #expect(!refusal.error.description.contains("hunter") && !refusal.error.remedy.isEmpty)
    }

    @Test("Lists and tables on one line that only look like the server's name are left alone")
    func inline() throws {
        let text = "url: postgres://u:p@src/app # [src]\nothers: [src-2, my.src, src, 'postgres://u:p@src/b']\nlabels: {team: source, dialect: src}\n"
        let document = try ConnectionDocument.parse(text)
        #expect(document.entries.count == 2)
    }

    @Test("A value that its place cannot hold is refused")
    func inexpressible() throws {
        let document = try ConnectionDocument.parse("[a]\nhost=old\nuser=u\npassword=p\n")
        #expect(throws: ConnectionStringError.inexpressible(.serviceFile)) {
            try document.rewriting { _ in .init(endpoint: .init(host: "new"), credentials: .init(user: "u", password: "two\nlines")) }
        }
    }

    @Test("Nothing printed shows a password", arguments: environment + json + yaml + others)
    func redaction(_ example: Case) throws {
        let text = example.login.split(separator: "it").joined(separator: "hunter2it")
        guard let document = try? ConnectionDocument.parse(text) else { return }
        var dumped = ""
        dump(document, to: &dumped)
        #expect(!dumped.contains("hunter2") && !"\(document)".contains("hunter2") && !String(reflecting: document.entries).contains("hunter2"))
    }

    @Test("Random changes of documents never crash, and never move other bytes")
    func fuzz() throws {
        var generator = FixedSeedGenerator(state: 4_711)
        let seeds = (Self.environment + Self.json + Self.yaml + Self.others).map { Array($0.from.utf8) }
        let odd = Array("\"'\\{}[]:=#,;@/?%*&!|-\n\r\t\0 aZ9".utf8)
        for _ in 0..<2_000 {
            var bytes = seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 0...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[index] = odd.randomElement(using: &generator) ?? 0
                case 1: bytes.insert(odd.randomElement(using: &generator) ?? 0, at: index)
                default: bytes.remove(at: index)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let document = try? ConnectionDocument.parse(text) else { continue }
            let same = try? document.rewriting { _ in nil }
            try #require(same?.utf8.elementsEqual(text.utf8) ?? true)
            guard let there = try? document.rewriting({ $0.string.pointsAt("old", 5432) ? .init(endpoint: .init(host: "new")) : nil }) else {
                continue
            }
            if ["\\o", "\\l", "\\d"].contains(where: text.contains) { continue }
            // Nothing but the name changed, so that the same change backwards gives the same bytes.
            try #require(there.utf8.count == text.utf8.count, "\(text)")
        }
    }
}

@Suite("Parts of a connection in separate keys")
struct SeparateKeysTests {
    @Test(
        "Found by their names",
        arguments: [
            (
                ["host", "port", "dbname", "user", "password", "uri", "jdbc-uri"],
                [SeparateKeys(host: "host", port: "port", user: "user", password: "password", database: "dbname")]
            ),
            (["pgbouncer-host", "pgbouncer-port", "pgbouncer-uri"], [SeparateKeys(host: "pgbouncer-host", port: "pgbouncer-port")]),
            (
                ["PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE"],
                [SeparateKeys(host: "PGHOST", port: "PGPORT", user: "PGUSER", password: "PGPASSWORD", database: "PGDATABASE")]
            ),
            (["DB_HOST", "DB_USERNAME", "OTHER"], [SeparateKeys(host: "DB_HOST", user: "DB_USERNAME")]),
            (["username", "password"], []),
        ])
    func find(keys: [String], expected: [SeparateKeys]) throws {
        #expect(try SeparateKeys.find(in: keys) == expected)
    }

    @Test("Two keys for one part are refused by name")
    func ambiguous() {
        #expect(throws: ConnectionStringError.separateKeys(part: "user", ["user", "username"])) {
            try SeparateKeys.find(in: ["host", "user", "username"])
        }
    }

    @Test("Only what differs is written, and white space stays")
    func rewriting() throws {
        let keys = SeparateKeys(host: "h", port: "p", user: "u", password: "w", database: "d")
        let values = ["h": "old\n", "p": "5433", "u": "me", "w": "pw", "d": "db", "x": "old"]
        #expect(try keys.hosts(in: values) == [.init(name: "old", port: 5433)])
        #expect(try keys.rewriting(values, endpoint: .init(host: "new", port: 5433)) == ["h": "new\n"])
        let all = try keys.rewriting(values, endpoint: .init(host: "new"), database: "e", credentials: .init(user: "me", password: "x y"))
        #expect(all == ["h": "new\n", "p": "5432", "w": "x y", "d": "e"])
    }

    @Test("What has no key cannot be said")
    func missing() throws {
        let keys = SeparateKeys(host: "h")
        #expect(try keys.rewriting(["h": "old"], endpoint: .init(host: "new")) == ["h": "new"])
        #expect(throws: ConnectionStringError.separateKeys(part: "port", [])) {
            try keys.rewriting(["h": "old"], endpoint: .init(host: "new", port: 6000))
        }
        #expect(throws: ConnectionStringError.separateKeys(part: "host", [])) { try keys.hosts(in: [:]) }
        #expect(throws: ConnectionStringError.malformed(.settings, component: "host", .invalidHost)) { try keys.hosts(in: ["h": "a b"]) }
    }
}
