import Foundation
import KubernetesModel
import StructuredData
import Testing

@Suite("API objects")
struct ModelTests {
    @Test(
        "times",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2024-02-29T23:59:59Z", 1_709_251_199), ("2024-03-01T01:00:00+01:00", 1_709_251_200),
            ("1969-12-31T23:59:59Z", -1), ("2000-01-01T00:00:00.999Z", 946_684_800), ("1969-12-31T23:59:58.5Z", -2),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] as [(String, Int64)])
    func time(text: String, seconds: Int64) {
        #expect(Time(text)?.secondsSince1970 == seconds)
        #expect(Time(Time(secondsSince1970: seconds).description)?.secondsSince1970 == seconds)
    }

    @Test("every day around the leap years 1972, 2000 and 2100 is read as it is written")
    func calendar() {
        var last = ""
        for day in [-800...800, 10_500...11_500, 47_000...48_000].joined().map(Int64.init) {
            let text = Time(secondsSince1970: day * 86_400).description
            if Time(text)?.secondsSince1970 != day * 86_400 || text <= last { Issue.record("day \(day): \(text)") }
            last = text
        }
    }

    @Test("micro times have six digits")
    func microTime() throws {
        #expect(MicroTime(microsecondsSince1970: 1_000_001).description == "1970-01-01T00:00:01.000001Z")
        #expect(try JSON.text(MicroTime(microsecondsSince1970: 2_000_000)) == "\"1970-01-01T00:00:02.000000Z\"")
        #expect(MicroTime("1970-01-01T00:00:01.0000019Z")?.microsecondsSince1970 == 1_000_001)
    }

    @Test("no times", arguments: ["", "2024-01-01", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T24:00:00Z", "2024-01-01T00:00:00.Z"])
    func noTime(text: String) { #expect(Time(text) == nil) }

    @Test(
        "selectors match as the server's do",
        arguments: [
            (["a": "1"], nil, true), (["a": "2"], nil, false), ([:], LabelSelector.Requirement(key: "a", operator: "In", values: ["1", "2"]), true),
            ([:], .init(key: "b", operator: "In", values: ["1"]), false), ([:], .init(key: "b", operator: "NotIn", values: ["1"]), true),
            ([:], .init(key: "a", operator: "Exists"), true), ([:], .init(key: "a", operator: "DoesNotExist"), false),
            ([:], .init(key: "a", operator: "Unheard"), false),
        ] as [([String: String], LabelSelector.Requirement?, Bool)])
    func selector(labels: [String: String], requirement: LabelSelector.Requirement?, matches: Bool) {
        let selector = LabelSelector(matchLabels: labels, matchExpressions: requirement.map { [$0] })
        #expect(selector.matches(["a": "1"]) == matches)
    }

    @Test("paths")
    func paths() {
        #expect(Pod.resource.path(namespace: "n", name: "p", subresource: "log") == "/api/v1/namespaces/n/pods/p/log")
        #expect(Deployment.resource.path() == "/apis/apps/v1/deployments")
        #expect(Node.resource.path(namespace: "n", name: "x") == "/api/v1/nodes/x")
        #expect(Secret.resource.path(namespace: "n", name: "../a?b") == "/api/v1/namespaces/n/secrets/..%2Fa%3Fb")
        #expect(Deployment.resource.description == "deployments.apps")
    }

    @Test("unknown members and words survive decoding; documents carry their kind")
    func lenient() throws {
        let pod = try JSON.decode(
            Pod.self,
            from: #"{"metadata":{"name":"p","creationTimestamp":null},"spec":{"containers":[{"name":"c","new":1}],"restartPolicy":"Sometimes"}}"#)
        #expect(pod.spec?.restartPolicy == "Sometimes")
        #expect(try pod.document()["kind"] == "Pod")
        #expect(try pod.document()["apiVersion"] == "v1")
    }

    @Test("secret values are bytes, and do not print")
    func secret() throws {
        let secret = try JSON.decode(Secret.self, from: #"{"metadata":{"name":"s"},"data":{"k":"aHVzaA=="}}"#)
        #expect(secret.data?["k"] == Data("hush".utf8))
        #expect(try secret.document()["data"]?["k"] == "aHVzaA==")
        var text = "\(secret)"
        dump(secret, to: &text)
        #expect(!text.contains("hush") && !text.contains("4 bytes"))
    }
}
