import DevCluster
import FoundationEssentials
import Subprocess

/// Runs SQL through psql: the story arranges and checks its databases without any of the code it puts to the test.
struct Psql: Sendable {
    var server: DevServer
    var login: DevLogin
    var database: String

    /// Runs statements and gives their rows as psql prints them unaligned: one line a row, `|` between columns.
    ///
    /// - Throws: ``DemoError/sql(_:database:output:)``.
    @discardableResult
    func run(_ statements: String, for attempt: String) async throws -> [Substring] {
        var variables = ProcessInfo.processInfo.environment
        variables.merge(PostgresEnvironment.variables(for: server, login: login, database: database)) { $1 }
        let environment = Dictionary(uniqueKeysWithValues: variables.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
        let result = try await Subprocess.run(
            .name("psql"), arguments: ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"], environment: .custom(environment),
            input: .string(statements), output: .string(limit: 1 << 26), error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            throw DemoError.sql(attempt, database: "\(server.host)/\(database)", output: String(result.standardError.suffix(2000)))
        }
        return result.standardOutput.split(separator: "\n")
    }
}
