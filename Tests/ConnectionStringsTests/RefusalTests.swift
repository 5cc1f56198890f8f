import ConnectionStrings
import Testing

@Suite("Refused texts")
struct RefusalTests {
    typealias Refusal = (text: String, error: ConnectionStringError)

    static let neither = [
        "", "   ", "\n", "hunter2", "c2VjcmV0==", "a = b", "DB_HOST=hunter2", "postgres:/hunter2", "postgresql+://h", "postgresx://hunter2@h",
        "my password = hunter2", "=hunter2",
        "{\"host\":\"h\"}",
    ]

    @Test("Text of no known dialect", arguments: neither)
    func notAConnectionString(_ text: String) {
        #expect(throws: ConnectionStringError.notAConnectionString(.postgreSQL)) { try ConnectionString.parse(text) }
    }

    static let refusals: [Refusal] = [
        ("postgres:///hunter2", .missingHost(.url)),
        ("postgres://u:hunter2@/d", .missingHost(.url)),
        ("postgres://h/d?host=", .missingHost(.url)),
        ("user=u password=hunter2", .missingHost(.keywordValue)),
        ("host='' password=hunter2", .missingHost(.keywordValue)),
        ("host=h hostaddr=10.0.0.1 password=hunter2", .unsupported(.hostaddr)),
        ("hostaddr=10.0.0.1 password=hunter2", .unsupported(.hostaddr)),
        ("postgres://u:hunter2@h/d?hostaddr=10.0.0.1", .unsupported(.hostaddr)),
        ("service=hunter2", .unsupported(.service)),
        ("postgres://h/?service=hunter2", .unsupported(.service)),
        ("host=h servicefile=hunter2", .unsupported(.servicefile)),
        ("host=/run/postgresql password=hunter2", .unsupported(.unixSocket)),
        ("host=@hunter2", .unsupported(.unixSocket)),
        ("postgres://%2Frun%2Fpostgresql/hunter2", .unsupported(.unixSocket)),
        ("postgres://h/d?host=/run", .unsupported(.unixSocket)),
        ("host=a,/run", .unsupported(.unixSocket)),
        ("host=a,,b", .malformed(.keywordValue, component: "host", .emptyListEntry)),
        ("host=${hunter2}", .malformed(.keywordValue, component: "host", .invalidHost)),
        ("host=h:5432", .malformed(.keywordValue, component: "host", .invalidHost)),
        ("postgres://[::1/hunter2", .malformed(.url, component: "host", .invalidHost)),
        ("postgres://[::1]x/hunter2", .malformed(.url, component: "host", .invalidHost)),
        ("postgres://h:hunter2/d", .malformed(.url, component: "port", .invalidPort)),
        ("host=h port=0", .malformed(.keywordValue, component: "port", .invalidPort)),
        ("host=h port=65536", .malformed(.keywordValue, component: "port", .invalidPort)),
        ("host=h port=+1", .malformed(.keywordValue, component: "port", .invalidPort)),
        ("host=a,b,c port=1,2", .malformed(.keywordValue, component: "port", .portCountMismatch)),
        ("host=h password='hunter2", .malformed(.keywordValue, component: "password", .unterminatedQuote)),
        ("host=h password=hunter2 and more", .malformed(.keywordValue, component: "a keyword", .missingEqualsSign)),
        ("postgres://u:hunter2%zz@h", .malformed(.url, component: "password", .invalidPercentEncoding)),
        ("postgres://u:hunter2%4@h", .malformed(.url, component: "password", .invalidPercentEncoding)),
        ("postgres://u:hunter2%00@h", .malformed(.url, component: "password", .invalidPercentEncoding)),
        ("postgres://u:hunter2%FF@h", .malformed(.url, component: "password", .notUTF8)),
        ("postgres://h/d?hunter2=%", .malformed(.url, component: "a parameter", .invalidPercentEncoding)),
        ("postgres://h/d?port", .malformed(.url, component: "port", .missingEqualsSign)),
        ("postgres://u:hunter?2@h/d", .malformed(.url, component: "the part before the parameters", .unencodedReservedCharacter)),
        ("postgres://u:12/hunter2@h/d", .malformed(.url, component: "the part before the parameters", .unencodedReservedCharacter)),
    ]

    @Test("Recognised but unusable", arguments: refusals)
    func refused(_ refusal: Refusal) {
        #expect(throws: refusal.error) { try ConnectionString.parse(refusal.text) }
        #expect(!refusal.error.description.contains("hunter"))
        #expect(!refusal.error.remedy.isEmpty)
    }
}
