import Foundation
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
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
    }
}
