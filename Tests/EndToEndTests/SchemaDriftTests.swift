import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData
import Testing

extension EndToEnd {
    @Suite("DDL while the lanes run")
    struct SchemaDriftTests {
        @Test("a column of the source alone is named and holds up the cutover, which goes on once the target has it too")
        func addedColumn() async throws {
            let (scenario, writer) = try await Scenario.underWrites("drift")
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
            }
            try await scenario.wait(phase: .awaitingCutover)
            // Rows with the new column stop the lane; the cause is told, not only the symptom.
            try await scenario.lab.sql(.source, scenario.database, "ALTER TABLE app.ledger ADD COLUMN remark text")
            try await scenario.lab.sql(.source, scenario.database, "UPDATE app.ledger SET remark = 'arrived' WHERE id = 7")
            try await scenario.patchSpec(["goal": "Promoted"])
            let held = try await scenario.wait("the drift to be said") { $0[.ready]?.reason == "SchemaDrift" }
            let message =
                "\(scenario.database): app.ledger has column remark text on the source only; run the same ALTER TABLE on the target database"
            #expect(held.message?.contains(message) == true, "\(held.message ?? "")")
            #expect(held[.caughtUp]?.status == "False" && held[.caughtUp]?.reason == "SchemaDrift")
            #expect(held.phase == "AwaitingCutover" && writer.acknowledged(on: .target) == 0)

            try await scenario.lab.sql(
                .target, scenario.database, "BEGIN READ WRITE; ALTER TABLE app.ledger ADD COLUMN remark text; COMMIT")
            try await scenario.wait(phase: .promoted)
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            #expect(try await scenario.lab.sql(.target, scenario.database, "SELECT remark FROM app.ledger WHERE id = 7").first?[0] == "arrived")

            // After the switch the way back is what a change of the target endangers; under writes it stops at once, for a reason that is told.
            try await scenario.wait("the way back") { $0[.rollbackReady]?.reason == "Lossless" }
            try await scenario.lab.sql(.target, scenario.database, "ALTER TABLE app.ledger ADD COLUMN verdict text")
            let lost = try await scenario.wait("the way back in danger", seconds: 100) {
                $0[.rollbackReady]?.message?.contains("column verdict text on the target only") == true
            }
            #expect(lost[.rollbackReady]?.status == "False")
            #expect(["ReverseLaneBroken", "ReverseSchemaDrift"].contains(lost[.rollbackReady]?.reason))
            try await scenario.lab.sql(
                .source, scenario.database, "BEGIN READ WRITE; ALTER TABLE app.ledger ADD COLUMN verdict text; COMMIT")
            try await scenario.wait("the way back again") { $0[.rollbackReady]?.reason == "Lossless" }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            try await scenario.end()
        }
    }
}
