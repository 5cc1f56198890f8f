import HTTPTransport
import KubernetesModel
import Testing

@testable import KubernetesClient

@Suite("list, then watch: dialogues")
struct WatchMachineTests {
    private typealias Machine = WatchMachine<String>

    private func failure(_ kind: KubernetesError.Kind) -> KubernetesError {
        KubernetesError(kind: kind, verb: "watch", resource: "pods", message: "")
    }

    /// Outputs as text: what a dialogue compares.
    private func text(_ outputs: [WatchOutput<String>]) -> [String] {
        outputs.map {
            switch $0 {
            case .replaced(let all, let unreadable): "=" + (all + unreadable.map { "?" + $0.head.name }).joined(separator: ",")
            case .applied(let one): "+" + one
            case .deleted(let one): "-" + one
            case .unreadable(let one): "?" + one.head.name
            case .interrupted(let error): "!\(error.kind)"
            case .resumed: "resumed"
            }
        }
    }

    /// A machine that watches from version 10.
    private func watching() -> Machine {
        var machine = Machine(resource: "pods")
        _ = machine.handle(.page([], continue: nil, resourceVersion: "10"))
        _ = machine.handle(.opened)
        return machine
    }

    @Test("pages are collected and replace the store in one step")
    func pages() {
        var machine = Machine(resource: "pods")
        #expect(machine.next == .list(continue: nil, .any))
        #expect(machine.handle(.page(["a"], continue: "t", resourceVersion: "5")).isEmpty)
        #expect(machine.next == .list(continue: "t", .any))
        #expect(text(machine.handle(.page(["b"], continue: "", resourceVersion: "5"))) == ["=a,b"])
        #expect(machine.next == .watch(resourceVersion: "5"))
    }

    @Test("events and bookmarks advance the version; a new watch starts there")
    func events() {
        var machine = watching()
        #expect(text(machine.handle(.event(.applied("a", resourceVersion: "11")))) == ["+a"])
        #expect(text(machine.handle(.event(.deleted("a", resourceVersion: "12")))) == ["-a"])
        #expect(machine.handle(.event(.bookmark(resourceVersion: "20"))).isEmpty)
        #expect(machine.handle(.ended(lasted: .milliseconds(1))).isEmpty)
        #expect(machine.next == .watch(resourceVersion: "20"))
    }

    @Test("a watch that ends at once without an event is asked for again only after a wait")
    func shortWatch() {
        var machine = watching()
        #expect(machine.handle(.ended(lasted: .milliseconds(5))).isEmpty)
        #expect(machine.next == .wait(attempt: 1, atLeast: nil))
        _ = machine.handle(.waited)
        #expect(machine.next == .watch(resourceVersion: "10"))
        _ = machine.handle(.opened)
        _ = machine.handle(.ended(lasted: .seconds(290)))
        #expect(machine.next == .watch(resourceVersion: "10"))
    }

    @Test("410 as an answer and as an event: list again at once, then with a wait", arguments: [true, false])
    func gone(asEvent: Bool) {
        var machine = watching()
        let input = asEvent ? Machine.Input.event(.error(Status(reason: "Expired", code: 410))) : .failed(failure(.gone))
        #expect(machine.handle(input).isEmpty)
        #expect(machine.next == .list(continue: nil, .newest))
        #expect(text(machine.handle(.page(["x"], continue: nil, resourceVersion: "30"))) == ["=x"])
        #expect(machine.handle(input).isEmpty)
        #expect(machine.next == .wait(attempt: 2, atLeast: nil))
        _ = machine.handle(.waited)
        #expect(machine.next == .list(continue: nil, .newest))
    }

    @Test("a page token that expired starts the list again and keeps no half of it")
    func expiredToken() {
        var machine = Machine(resource: "pods")
        _ = machine.handle(.page(["a"], continue: "t", resourceVersion: "5"))
        _ = machine.handle(.failed(failure(.gone)))
        #expect(machine.next == .list(continue: nil, .newest), "in pages, which get on")
        #expect(text(machine.handle(.page(["b"], continue: nil, resourceVersion: "6"))) == ["=b"])
    }

    @Test("an unreachable server: shown, waited for, resumed from the same version")
    func unreachable() {
        var machine = watching()
        _ = machine.handle(.ended(lasted: .seconds(60)))
        #expect(text(machine.handle(.failed(failure(.transport(.connect))))) == ["!transport(HTTPTransport.HTTPError.Kind.connect)"])
        #expect(machine.next == .wait(attempt: 1, atLeast: nil))
        _ = machine.handle(.waited)
        #expect(machine.next == .watch(resourceVersion: "10"))
        _ = machine.handle(.failed(failure(.serverError(retryAfter: .seconds(7)))))
        #expect(machine.next == .wait(attempt: 2, atLeast: .seconds(7)))
        _ = machine.handle(.waited)
        #expect(text(machine.handle(.opened)) == ["resumed"])
        #expect(machine.handle(.opened).isEmpty)
    }

    @Test(
        "a refusal, or an event nobody understands, leads to a new list",
        arguments: [
            KubernetesError.Kind.forbidden, .notFound, .unauthorized, .decoding, .credentials, .invalid,
        ])
    func refusal(kind: KubernetesError.Kind) {
        var machine = watching()
        #expect(machine.handle(.failed(failure(kind))).count == 1)
        _ = machine.handle(.waited)
        #expect(machine.next == .list(continue: nil, .newest))
    }

    @Test("an ERROR event other than 410 leads to a new list after a wait")
    func errorEvent() {
        var machine = watching()
        #expect(text(machine.handle(.event(.error(Status(code: 500))))) == ["!serverError(retryAfter: nil)"])
        _ = machine.handle(.waited)
        #expect(machine.next == .list(continue: nil, .newest))
    }

    @Test("an ERROR event that asks for time gets it")
    func errorEventWithDelay() {
        var machine = watching()
        _ = machine.handle(.event(.error(Status(reason: "TooManyRequests", code: 429, details: StatusDetails(retryAfterSeconds: 9)))))
        #expect(machine.next == .wait(attempt: 1, atLeast: .seconds(9)))
    }

    @Test("waits grow from half a second to half a minute")
    func backoff() {
        #expect(WatchBackoff.delay(attempt: 1, atLeast: nil, jitter: 0) == .milliseconds(250))
        #expect(WatchBackoff.delay(attempt: 1, atLeast: nil, jitter: 1) == .milliseconds(500))
        #expect(WatchBackoff.delay(attempt: 500, atLeast: nil, jitter: 1) == .seconds(30))
        #expect(WatchBackoff.delay(attempt: 1, atLeast: .seconds(9), jitter: 1) == .seconds(9))
    }
}
