import Foundation
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData
import Synchronization
import TestServers
import Testing

extension EndToEnd {
    @Suite("What holds a cutover, and what decides after it")
    struct GateTests {
        @Test("outside of its window it waits and says until when; a window that is open lets it go on")
        func window() async throws {
            let scenario = try await Scenario("window")
            try await scenario.arrange()
            // Opens on a leap day for a minute.
            try await scenario.apply { $0["cutover"]?["window"] = ["schedule": "0 0 29 2 *", "durationMinutes": 1, "timeZone": "Europe/Berlin"] }
            let held = try await scenario.wait("the window to be waited for") { $0[.reconciling]?.reason == "OutsideWindow" }
            #expect(held.phase == "AwaitingCutover")
            #expect(held.message?.contains("02-28T23:00Z") == true)
            #expect(held.cutover?.nextWindowAt != nil)
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.patchSpec(["cutover": ["window": ["schedule": "* * * * *", "durationMinutes": 5]]])
            try await scenario.wait(phase: .promoted)
            #expect(await scenario.applicationCanWrite(.target))
            try await scenario.end()
        }

        @Test("named gates hold the write pause and the promotion until somebody approves, and kubectl can wait for either")
        func namedGates() async throws {
            let scenario = try await Scenario("named")
            try await scenario.arrange()
            try await scenario.apply { spec in
                spec["gates"] = [["name": "board", "before": "Cutover"], ["name": "users", "before": "Promoted"]]
                spec["health"]?["soakSeconds"] = 1
            }
            _ = try scenario.lab.kubectl(
                "wait", "--for=condition=AwaitingApproval", "dbmigration/\(Scenario.migration)", "-n", scenario.namespace, "--timeout=90s")
            let held = try await scenario.wait("the first gate") { $0[.awaitingApproval]?.status == "True" }
            #expect(held.phase == "AwaitingCutover" && held.message?.contains("waits for gate board") == true)
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.patchSpec([
                "gates": [["name": "board", "before": "Cutover", "approvedBy": "the change board"], ["name": "users", "before": "Promoted"]]
            ])
            let soaked = try await scenario.wait("the second gate") { $0.message?.contains("waits for gate users") == true }
            #expect(soaked.phase == "Soaking" && soaked[.reconciling]?.reason == "AwaitingApproval")
            #expect(await scenario.applicationCanWrite(.target))
            try await scenario.patchSpec([
                "gates": [
                    ["name": "board", "before": "Cutover", "approvedBy": "the change board"],
                    ["name": "users", "before": "Promoted", "approvedBy": "jane"],
                ]
            ])
            let promoted = try await scenario.wait(phase: .promoted)
            #expect(promoted[.awaitingApproval]?.status == "False")
            try await scenario.end()
        }

        @Test("a body without what its pattern wants goes back to the source")
        func bodyPattern() async throws {
            let scenario = try await Scenario("pattern")
            try await scenario.arrange()
            try await scenario.apply { spec in
                spec["health"]?["http"] = [
                    [
                        "name": "ledger", "service": ["name": "ledger", "port": "http", "path": "/health"], "failureLimit": 2,
                        "bodyPattern": "\"never\": *said",
                    ]
                ]
            }
            let status = try await scenario.wait(phase: .rolledBack)
            #expect(status[.stalled]?.reason == "ProbeFailed")
            #expect(status.message?.contains("matches bodyPattern") == true)
            #expect(try await scenario.connectionString().contains(scenario.sourceHost))
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("the cutover waits for a query's baseline, and a value too far above it goes back to the source")
        func baseline() async throws {
            let answer = Answer()
            let prometheus = LocalServer { _, connection in connection.write(answer.response) }
            let scenario = try await Scenario("baseline")
            try await scenario.arrange()
            try await scenario.apply { spec in
                spec["health"]?["soakSeconds"] = 3600
                spec["health"]?["prometheus"] = [
                    [
                        "name": "errors", "address": .string(prometheus.url), "query": "error_ratio", "max": 1, "maxIncreasePercent": 20,
                        "failureLimit": 2,
                    ]
                ]
            }
            let held = try await scenario.wait("the baseline to be waited for") { $0[.reconciling]?.reason == "ProbeInconclusive" }
            #expect(held.phase == "AwaitingCutover" && held.cutover?.startedAt == nil)
            #expect(held.message?.contains("the baseline of check errors: Prometheus answered 503") == true)
            #expect(await scenario.applicationCanWrite(.source))
            answer.give("0.5")
            let soaking = try await scenario.wait(phase: .soaking)
            #expect(soaking.endpoints?.first { $0.name == "errors" }?.baseline == "0.5")
            try await scenario.wait("a good reading") { $0.endpoints?.first { $0.name == "errors" }?.verdict == "ok" }
            answer.give("0.75")
            let status = try await scenario.wait(phase: .rolledBack)
            #expect(status[.stalled]?.reason == "ProbeFailed")
            #expect(status.message?.contains("0.75 is more than 20 % above the baseline 0.5") == true)
            #expect(status.message?.contains(prometheus.url) == false)
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("workloads, sessions and logs are read on both servers and in the pods, and together they promote")
        func ownChecks() async throws {
            let scenario = try await Scenario("own")
            try await scenario.arrange()
            // The application connects when it is asked for something, and nobody asks before the cutover.
            let session = try await scenario.session(.source)
            try await scenario.apply { spec in
                spec["health"]?["workloads"] = [:]
                spec["health"]?["sessions"] = ["minOnTarget": 1, "maxDecreasePercent": 50]
                spec["health"]?["logs"] = ["errorPattern": "panic|FATAL", "maxMatches": 0, "maxIncreasePercent": 50]
            }
            let status = try await scenario.wait(phase: .promoted)
            let endpoints = Dictionary(uniqueKeysWithValues: (status.endpoints ?? []).map { ($0.name, $0) })
            #expect(endpoints.keys.sorted() == ["ledger", "logs", "rollout", "source-sessions", "target-sessions", "workloads"])
            #expect(endpoints.values.allSatisfy { $0.verdict == "ok" }, "\(endpoints)")
            #expect(endpoints["workloads"]?.lastResult == "1 of 1 replicas available, 0 restarts")
            #expect(endpoints["source-sessions"]?.lastResult == "application sessions on the source: 0")
            #expect(endpoints["target-sessions"]?.baseline == "1")
            #expect(endpoints["logs"]?.baseline == "0")
            await session.close()
            try await scenario.end()
        }

        @Test("error lines that the pods did not log before the cutover go back to the source")
        func errorLines() async throws {
            let scenario = try await Scenario("lines")
            try await scenario.arrange()
            let target = scenario.targetHost
            try await scenario.apply { spec in
                spec["health"]?["soakSeconds"] = 3600
                // Every pod says once which database it serves.
                spec["health"]?["logs"] = [
                    "errorPattern": .string("listening.*\(target)|\(target).*listening"), "maxIncreasePercent": 0, "failureLimit": 2,
                ]
            }
            let status = try await scenario.wait(phase: .rolledBack)
            #expect(status[.stalled]?.reason == "ProbeFailed")
            #expect(status.message?.contains("log lines with errorPattern in a minute: 1 is more than 0 % above the baseline 0") == true)
            #expect(status.endpoints?.first { $0.name == "logs" }?.baseline == "0")
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }
    }

    /// What a Prometheus answers: nothing but 503 until it is given a value.
    private final class Answer: Sendable {
        private let value = Mutex<String?>(nil)

        func give(_ text: String) { value.withLock { $0 = text } }

        var response: String {
            guard let value = value.withLock({ $0 }) else { return "HTTP/1.1 503 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" }
            let body = #"{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "\#(value)"]}]}}"#
            return "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
        }
    }
}
