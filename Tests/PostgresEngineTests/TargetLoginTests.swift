import MigrationCore
import MigrationPorts
import PostgresEngine
import Testing

extension DatabaseTests {
    @Suite("An application's login on the prepared target") struct TargetLogin {
        @Test("is tried by preflight: a role whose password is another is named before the pause")
        func otherPassword() async throws {
            try await Scenario.live("target login", schema: ["CREATE TABLE t (id int PRIMARY KEY)"]) { scenario in
                #expect(await scenario.workLive(.copy).succeeded)
                func logins() async -> [PreflightProblem] {
                    await scenario.port.preflight(scenario.context).filter { $0.reason == .authenticationFailed }
                }
                #expect(await logins() == [])
                try await scenario.target.superuser("postgres") { try await $0.execute("ALTER ROLE \(SQL.identifier(scenario.role)) PASSWORD NULL") }
                let problems = await logins()
                #expect(problems.count == 1)
                #expect(problems.first?.message.contains("on target") == true, "\(problems)")
            }
        }
    }
}
