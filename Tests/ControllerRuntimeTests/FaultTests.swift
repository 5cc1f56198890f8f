import Foundation
import HTTPTransport
import KubernetesModel
import Logging
import StructuredData
import TestServers
import Testing

@testable import ControllerRuntime
@testable import KubernetesClient

/// Whatever the API server or the way to it does, the store ends up with what the server holds. Needs a cluster, as `ServerTests` of the client does.
@Suite("a store in front of a real API server with faults", .enabled(if: FaultStage.kubeconfig != nil), .timeLimit(.minutes(5)))
struct FaultTests {
    private static let watches = "watch=true"

    @Test("a connection cut in the middle of a line loses nothing, and costs no new list")
    func cut() async throws {
        try await FaultStage.open { stage in
            stage.proxy.inject(.cut(afterLines: 1), on: Self.watches, times: 3)
            try await stage.following {
                for value in 1...8 { try await stage.put("a", "\(value)") }
                try await stage.sees("a", "8")
                #expect(stage.proxy.requests("limit=500") == 1)
                #expect(stage.proxy.requests(Self.watches) >= 3)
            }
        }
    }

    @Test("a watch that stalls without a word is opened again")
    func stalled() async throws {
        try await FaultStage.open { stage in
            stage.proxy.inject(.stall(afterLines: 0), on: Self.watches)
            try await stage.following(as: stage.client(RequestTimeouts(watchSilence: .seconds(2)))) {
                try await stage.put("a", "1")
                try await stage.sees("a", "1")
                #expect(stage.proxy.requests("limit=500") == 1)
            }
        }
    }

    @Test("a watch that the server ends goes on where it was, without a list")
    func ended() async throws {
        try await FaultStage.open { stage in
            try await stage.following(as: stage.client(RequestTimeouts(watch: .seconds(1)))) {
                for number in 1...3 {
                    try await stage.proxy.wait(for: number, Self.watches)
                    try await stage.put("a", "\(number)")
                    try await stage.sees("a", "\(number)")
                }
                #expect(stage.proxy.requests("limit=500") == 1)
            }
        }
    }

    @Test("each verb has a time limit of its own")
    func timeouts() async throws {
        try await FaultStage.open { stage in
            let slow = Duration.seconds(1)
            func limited(_ change: (inout RequestTimeouts) -> Void) -> KubernetesClient {
                var timeouts = RequestTimeouts()
                change(&timeouts)
                return stage.client(timeouts)
            }
            func expectTimeout(_ verb: String, _ change: (inout RequestTimeouts) -> Void, _ request: (KubernetesClient) async throws -> Void)
                async throws
            {
                stage.proxy.inject(.delay(slow), on: "configmaps", times: 2)
                let error = await #expect(throws: KubernetesError.self) { try await request(limited(change)) }
                #expect(error?.kind == .transport(.timeout) && error?.verb == verb, "\(error.map { "\($0)" } ?? "")")
                try await request(stage.proxied)
            }
            try await stage.put("a", "1")
            let (space, limit) = (stage.namespace, Duration.milliseconds(500))
            try await expectTimeout("get", { $0.read = limit }) { _ = try await $0.get(ConfigMap.self, "a", namespace: space) }
            try await expectTimeout("list", { $0.list = limit }) { _ = try await $0.list(ConfigMap.self, namespace: space) }
            try await expectTimeout("patch", { $0.write = limit }) {
                _ = try await $0.patch(ConfigMap.self, "a", namespace: space, .merge(["data": ["k": "2"]]))
            }
            try await expectTimeout("delete", { $0.write = limit }) { client in
                do throws(KubernetesError) {
                    try await client.delete(ConfigMap.self, "a", namespace: space)
                } catch  where error.kind == .notFound {
                    // The one that timed out was carried out after all.
                }
            }
        }
    }

    @Test("410 as an answer and 410 as an event lead to a new list, which finds what happened meanwhile")
    func gone() async throws {
        try await FaultStage.open { stage in
            try await stage.put("old", "1")
            let event = #"{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","message":"too old","code":410}}"#
            stage.proxy.inject(.insert(event, afterLines: 1), on: Self.watches)
            stage.proxy.inject(.answer(410, reason: "Expired"), on: Self.watches)
            try await stage.following {
                try await stage.put("a", "1")
                try await stage.delete("old")
                try await stage.sees("a", "1")
                try await stage.sees("old", nil)
                try await stage.proxy.wait(for: 3, "limit=500")
                try await stage.put("a", "2")
                try await stage.sees("a", "2")
                #expect(stage.readiness.report().isPassing)
            }
        }
    }

    @Test("too many requests: as long as the server asked for, nobody comes back")
    func tooMany() async throws {
        try await FaultStage.open { stage in
            stage.proxy.inject(.answer(429, reason: "TooManyRequests", headers: ["Retry-After: 2"]), on: "limit=500")
            let start = ContinuousClock.now
            try await stage.following { #expect(start.duration(to: .now) >= .seconds(2)) }
            #expect(stage.proxy.requests("limit=500") == 2)
        }
    }

    @Test("a server that fails for a while, then is slow, then is away", arguments: [500, 503])
    func failing(status: Int) async throws {
        try await FaultStage.open { stage in
            stage.proxy.inject(.answer(status), on: "GET", times: 2)
            stage.proxy.inject(.cut(afterLines: 0), on: Self.watches)
            stage.proxy.inject(.answer(status), on: Self.watches, times: 2)
            stage.proxy.inject(.delay(.seconds(2)), on: Self.watches)
            try await stage.following {
                try await stage.put("a", "1")
                try await stage.sees("a", "1")
                stage.proxy.inject(.cut(afterLines: 0), on: Self.watches)
                #expect(stage.proxy.requests("limit=500") == 3)
            }
        }
    }

    @Test("a restart of the server: connections cut and refused for a while, no event lost")
    func restarted() async throws {
        try await FaultStage.open { stage in
            stage.proxy.inject(.cut(afterLines: 0), on: Self.watches)
            try await stage.following {
                stage.proxy.goDown()
                try await stage.put("a", "1")
                let before = stage.proxy.requests(Self.watches)
                try await stage.proxy.wait(for: before + 2, Self.watches)
                try await stage.put("b", "1")
                stage.proxy.heal()
                try await stage.sees("a", "1")
                try await stage.sees("b", "1")
            }
        }
    }

    @Test("events that come twice, or out of order, never take the store back", arguments: [FaultProxy.Fault.twice, .swapped])
    func disordered(fault: FaultProxy.Fault) async throws {
        try await FaultStage.open { stage in
            stage.proxy.inject(fault, on: Self.watches)
            try await stage.following {
                for value in 1...6 { try await stage.put("a", "\(value)") }
                for value in 1...3 { try await stage.put("gone", "\(value)") }
                // The last change and the deletion are a pair, as are the deletion of the next one and its successor's beginning.
                try await stage.delete("gone")
                for value in 1...2 { try await stage.put("again", "\(value)") }
                try await stage.delete("again")
                let again = try await stage.put("again", "3")
                try await stage.put("end", "1")
                try await stage.put("end", "2")
                // The last pair is in order when the one before it is: then everything of the others has been told.
                try await stage.sees("end", "2")
                #expect(stage.object("a")?.data?["k"] == "6")
                #expect(stage.object("gone") == nil)
                #expect(stage.object("again")?.uid == again.uid)
            }
        }
    }

    @Test("an object deleted and made again while nobody looked is another object")
    func recreated() async throws {
        try await FaultStage.open { stage in
            let first = try await stage.put("a", "1")
            stage.proxy.inject(.cut(afterLines: 0), on: Self.watches)
            try await stage.following {
                #expect(stage.object("a")?.uid == first.uid)
                stage.proxy.goDown()
                try await stage.delete("a")
                let second = try await stage.put("a", "1")
                try await stage.proxy.wait(for: 2, Self.watches)
                stage.proxy.heal()
                try await eventually { stage.object("a")?.uid == second.uid }
                #expect(!stage.store.observe(first), "an answer about the first one is old news")
            }
        }
    }

    @Test("an Event that repeats becomes a series with a count, in one object")
    func series() async throws {
        try await FaultStage.open { stage in
            let subject = EventNotice.Subject(try await stage.put("a", "1"))
            let recorder = EventRecorder(
                client: stage.proxied, controller: "test/recorder", instance: "one",
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            let recording = Task { try await recorder.run() }
            defer { recording.cancel() }
            for _ in 1...3 { recorder.record(EventNotice(.warning, reason: "Refused", action: "Copy", note: "no", subject: subject)) }
            recorder.record(EventNotice(.normal, reason: "Copied", action: "Copy", note: "yes", subject: subject))
            try await stage.proxy.wait(for: 2, "POST")
            // The last one of the queue: everything before it is written when it is there.
            var events: [Event] = []
            while events.count < 2 { events = try await stage.server.list(Event.self, namespace: stage.namespace).items }
            #expect(events.first { $0.reason == "Refused" }?.series?.count == 3)
            let single = try #require(events.first { $0.reason == "Copied" })
            #expect(single.series == nil)
        }
    }

    @Test("a namespace deleted in the middle takes its objects from the store")
    func namespaceDeleted() async throws {
        try await FaultStage.open { stage in
            for index in 0..<5 { try await stage.put("m\(index)", "1") }
            stage.proxy.inject(.cut(afterLines: 2), on: Self.watches)
            try await stage.following {
                #expect(stage.store.objects.count == 5)
                try await stage.server.delete(Namespace.self, stage.namespace)
                try await eventually { stage.store.objects.isEmpty }
                #expect(stage.readiness.report().isPassing)
            }
        }
    }

    @Test("after a conflict the store learns what the stalled watch keeps back")
    func refresh() async throws {
        try await FaultStage.open { stage in
            let first = try await stage.put("a", "1")
            try await stage.put("b", "1")
            stage.proxy.inject(.stall(afterLines: 0), on: Self.watches)
            try await stage.following {
                try await stage.put("a", "2")
                try await stage.delete("b")
                let key = ObjectKey(first)
                let patch = Patch.merge(["data": ["k": "3"]], resourceVersion: stage.object("a")?.metadata.resourceVersion)
                let error = await #expect(throws: KubernetesError.self) {
                    try await stage.proxied.patch(ConfigMap.self, "a", namespace: stage.namespace, patch)
                }
                #expect(error?.kind == .conflict)
                try await stage.store.refresh(key, from: stage.proxied)
                #expect(stage.object("a")?.data?["k"] == "2")
                try await stage.store.refresh(ObjectKey(namespace: stage.namespace, name: "b"), from: stage.proxied)
                #expect(stage.object("b") == nil)
            }
        }
    }
}
