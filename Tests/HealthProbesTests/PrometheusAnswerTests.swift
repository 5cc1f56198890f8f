import FoundationEssentials
import HTTPTransport
import MigrationCore
import MigrationPorts
import TestServers
import Testing

@testable import HealthProbes

@Suite("Answers to instant queries", .timeLimit(.minutes(5)))
struct PrometheusAnswerTests {
    private func answer(_ body: String, status: Int = 200, isTruncated: Bool = false) -> Fact<MeasuredValues> {
        PrometheusAnswer.measurement(HTTPResponse(status: status, body: Data(body.utf8), isTruncated: isTruncated))
    }

    private func vector(_ values: String...) -> Fact<MeasuredValues> {
        let series = values.map { #"{"metric": {"secret": "label"}, "value": [1.5, "\#($0)"]}"# }.joined(separator: ",")
        return answer(#"{"status": "success", "data": {"resultType": "vector", "result": [\#(series)]}}"#)
    }

    @Test("a scalar and a vector have values, NaN is none, infinity is one")
    func values() throws {
        let scalar = #"{"status": "success", "data": {"resultType": "scalar", "result": [1.5, "0.25"]}, "warnings": ["w"]}"#
        #expect(answer(scalar).value == MeasuredValues([0.25]))
        #expect(vector("1", "-3", "1e-05").value == MeasuredValues([1, -3, 0.00001]))
        #expect(vector("+Inf", "-Inf", "2").value == MeasuredValues([.infinity, -.infinity, 2]))
        #expect(vector("NaN", "2").value == MeasuredValues([.nan, 2]))
        #expect(vector("NaN") == .unknown("the query has no value (NaN)"))
        #expect(vector() == .unknown("the query gives no series"))
    }

    @Test(
        "everything else has no value, and says why without a word of the answer's own",
        arguments: [
            (#"{"status": "error", "errorType": "bad_data", "error": "secret_query"}"#, 400, "Prometheus answered 400 (bad_data); correct the query"),
            (#"{"status": "error", "errorType": "execution", "error": "secret_query"}"#, 422, "Prometheus answered 422 (execution)"),
            (#"{"status": "error", "errorType": "secret", "error": ""}"#, 500, "Prometheus answered 500"),
            ("<html>secret</html>", 200, "what answered is not Prometheus"), ("secret", 401, "Prometheus answered 401"),
            (#"{"status": "success", "data": {"resultType": "vector", "result": []}}"#, 503, "Prometheus answered 503"),
            (
                #"{"status": "success", "data": {"resultType": "matrix", "result": []}}"#, 200,
                "the query gives neither a scalar nor an instant vector"
            ),
            (
                #"{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "histogram": [1, {}]}]}}"#, 200,
                "a series has something else than a number, such as a histogram"
            ),
            (
                #"{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "secret"]}]}}"#, 200,
                "a series has something else than a number, such as a histogram"
            ),
        ])
    func noValue(body: String, status: Int, why: String) { #expect(answer(body, status: status) == .unknown(why)) }

    @Test("an answer that is too large is not read in part")
    func tooLarge() {
        let whole = #"{"status": "success", "data": {"resultType": "vector", "result": []}}"#
        #expect(answer(whole, isTruncated: true) == .unknown("Prometheus answered more than 1 MiB; aggregate the series"))
    }

    @Test("a query is sent letter for letter, with what Secrets hold, and asked for within its time")
    func request() async throws {
        let check = Plan.PrometheusCheck(
            name: "a", address: "http://prometheus/tenant/", query: #"sum(x{y="z ä"}) + 1"#, max: 1, timeoutSeconds: 4, headersSecret: "token")
        #expect(
            PrometheusQueries.url(check)
                == "http://prometheus/tenant/api/v1/query?query=sum%28x%7By%3D%22z%20%C3%A4%22%7D%29%20%2B%201&timeout=4s")
        let server = LocalServer { request, connection in
            let isAllowed = request.contains("Authorization: Bearer s3cret\r\n") && request.hasPrefix("GET /api/v1/query?query=up&timeout=4s ")
            let body = #"{"status": "success", "data": {"resultType": "scalar", "result": [1, "7"]}}"#
            connection.write("HTTP/1.1 \(isAllowed ? 200 : 403) x\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
        }
        var asked = check
        (asked.address, asked.query) = (server.url, "up")
        #expect(await measure(asked, secrets: ["token": ["Authorization": Data("Bearer s3cret\n".utf8)]]).value == MeasuredValues([7]))
        #expect(await measure(asked, secrets: ["token": ["Authorization": Data("Bearer other".utf8)]]) == .unknown("Prometheus answered 403"))
        #expect(await measure(asked, secrets: [:]) == .unknown("no Secret token"))
    }

    @Test("a server that cannot be asked, or does not answer, is unknown")
    func unreachable() async {
        let silent = LocalServer { _, connection in connection.waitForClose() }
        func check(_ address: String) -> Plan.PrometheusCheck {
            Plan.PrometheusCheck(name: "a", address: address, query: "secret_query", max: 1, timeoutSeconds: 1)
        }
        #expect(await measure(check("http://127.0.0.1:1")) == .unknown("Prometheus: does not accept connections"))
        #expect(await measure(check(silent.url)) == .unknown("Prometheus: gave no answer within 1 s"))
        #expect(await measure(check("http://no-such-host.invalid")) == .unknown("Prometheus: its host name has no address"))
    }
}

/// One query, asked as the controller asks it.
func measure(_ check: Plan.PrometheusCheck, secrets: [String: [String: Data]] = [:]) async -> Fact<MeasuredValues> {
    let queries = PrometheusQueries { _, name in secrets[name].map { .value($0) } ?? .unknown("no Secret \(name)") }
    let found = await queries.measure(MigrationReference(namespace: "mys", name: "staging", uid: "u"), [check])
    return found[check.name] ?? .unknown("not measured")
}
