import ConnectionStrings
import Testing

@Suite("What the other dialects refuse")
struct DialectRefusalTests {
    typealias Refusal = (text: String, system: DatabaseSystem, error: ConnectionStringError)

    static let malformed: [Refusal] = [
        ("jdbc:postgresql:hunter2", .postgreSQL, .missingHost(.jdbc)),
        ("jdbc:postgresql:///hunter2", .postgreSQL, .missingHost(.jdbc)),
        ("jdbc:postgresql://u:hunter2@h/d", .postgreSQL, .malformed(.jdbc, component: "the part before the host", .loginBeforeHost)),
        ("jdbc:postgresql://h:hunter2/d", .postgreSQL, .malformed(.jdbc, component: "port", .invalidPort)),
        ("jdbc:postgresql://h/d?password=hunter2%", .postgreSQL, .malformed(.jdbc, component: "password", .invalidPercentEncoding)),
        ("jdbc:postgresql://h/d?service=hunter2", .postgreSQL, .unsupported(.service)),
        ("jdbc:postgresql://h/d?PGHOST=hunter2", .postgreSQL, .unsupported(.pghost)),
        ("Username=u;Password=hunter2", .postgreSQL, .missingHost(.adoNet)),
        ("Host=a,,b;Password=hunter2", .postgreSQL, .malformed(.adoNet, component: "host", .emptyListEntry)),
        ("Host=${hunter2};Database=d", .postgreSQL, .malformed(.adoNet, component: "host", .invalidHost)),
        ("Host=/run/hunter2;Database=d", .postgreSQL, .unsupported(.unixSocket)),
        ("Host=h;Port=hunter2", .postgreSQL, .malformed(.adoNet, component: "port", .invalidPort)),
        ("Host=h;Password='hunter2", .postgreSQL, .malformed(.adoNet, component: "password", .unterminatedQuote)),
        ("Host=h;Password='hunter2'x;Database=d", .postgreSQL, .malformed(.adoNet, component: "password", .textAfterQuote)),
        ("Host=h;Username=u;Password=a;hunter2", .postgreSQL, .malformed(.adoNet, component: "a setting", .missingEqualsSign)),
        ("redis://", .redis, .missingHost(.redisURL)),
        ("redis://:hunter2@h:x", .redis, .malformed(.redisURL, component: "port", .invalidPort)),
        ("redis-socket:///run/hunter2", .redis, .unsupported(.unixSocket)),
        ("password=hunter2,ssl=true", .redis, .missingHost(.redisNodes)),
        ("h:99999,password=hunter2", .redis, .malformed(.redisNodes, component: "port", .invalidPort)),
    ]

    static let foreign: [(text: String, system: DatabaseSystem, name: String)] = [
        ("mysql://u:hunter2@h/d", .postgreSQL, "MySQL"), ("jdbc:mysql://h/d?password=hunter2", .postgreSQL, "MySQL"),
        ("jdbc:sqlserver://h;password=hunter2", .postgreSQL, "SQL Server"), ("mongodb+srv://u:hunter2@h/d", .postgreSQL, "MongoDB"),
        ("redis://:hunter2@h:6379/0", .postgreSQL, "Redis"), ("h:6380,password=hunter2,ssl=True", .postgreSQL, "Redis"),
        ("Server=tcp:h.example,1433;Initial Catalog=d;User ID=u;Password=hunter2", .postgreSQL, "SQL Server"),
        ("Server=h,1433;Database=d;Uid=u;Pwd=hunter2", .postgreSQL, "SQL Server"),
        ("Server=h;Database=d;Uid=u;Pwd=hunter2;AllowPublicKeyRetrieval=true", .postgreSQL, "MySQL"),
        ("DefaultEndpointsProtocol=https;AccountName=a;AccountKey=hunter2==", .postgreSQL, "Azure Storage"),
        ("Endpoint=sb://h/;SharedAccessKey=hunter2", .postgreSQL, "Azure Service Bus"),
        ("postgres://u:hunter2@h/d", .redis, "PostgreSQL"), ("jdbc:postgresql://h/d?password=hunter2", .redis, "PostgreSQL"),
        ("amqps://u:hunter2@h", .redis, "AMQP"),
    ]

    @Test("Recognised but unusable", arguments: malformed)
    func isRefused(_ refusal: Refusal) {
        #expect(throws: refusal.error) { try ConnectionString.parse(refusal.text, for: refusal.system) }
        #expect(!refusal.error.description.contains("hunter"))
    }

    @Test("Another database's string is named", arguments: foreign)
    func otherSystem(_ refusal: (text: String, system: DatabaseSystem, name: String)) {
        let error = ConnectionStringError.otherSystem(refusal.name, expected: refusal.system)
        #expect(throws: error) { try ConnectionString.parse(refusal.text, for: refusal.system) }
        #expect(error.description.contains(refusal.name) && !error.remedy.isEmpty)
    }

    @Test("A text that two dialects read differently is refused, and both are named")
    func ambiguous() {
        let error = ConnectionStringError.ambiguous([.adoNet, .keywordValue])
        #expect(throws: error) { try ConnectionString.parse("user=u; password=p; host=h") }
        #expect(error.description.contains("ADO.NET") && error.description.contains("keyword/value"))
    }

    @Test("What only looks like two dialects is read as the one it is")
    func notAmbiguous() throws {
        #expect(try ConnectionString.parse("host=h password=a;user=b").password == "a;user=b")
        #expect(try ConnectionString.parse("user=u password=p; host=h").password == "p;")
        #expect(try ConnectionString.parse("host=h; password=a b").password == "a b")
    }

    @Test("Where one server was expected, a list leads to neither", arguments: DialectTests.jdbc + DialectTests.adoNet + DialectTests.redis)
    func twoHosts(_ example: DialectTests.Case) throws {
        let parsed = try ConnectionString.parse(example.from, for: example.dialect.system)
        for host in parsed.hosts where parsed.hosts.count > 1 { #expect(!parsed.pointsAt(host.name, host.port ?? 5432)) }
    }
}
