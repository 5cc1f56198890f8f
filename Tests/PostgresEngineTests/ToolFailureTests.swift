import Testing

@testable import PostgresEngine

@Suite("Failures of pg_dump") struct ToolFailureTests {
    @Test(
        "a lost connection may be tried again",
        arguments: [
            "pg_dump: error: query failed: server closed the connection unexpectedly",
            "pg_dump: error: query failed: FATAL:  terminating connection due to administrator command",
            "pg_dump: error: connection to server at \"10.0.0.1\", port 5432 failed: Connection refused",
            "pg_dump: error: connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  the database system is starting up",
        ])
    func transient(message: String) {
        #expect(ToolFailure(attempt: "dump", message: message).isTransient)
    }

    @Test(
        "a refusal may not",
        arguments: [
            "pg_dump: error: connection to server at \"db\" (10.0.0.1), port 5432 failed: FATAL:  password authentication failed for user \"a\"",
            "pg_dump: error: query failed: ERROR:  permission denied for table t",
        ])
    func permanent(message: String) {
        #expect(!ToolFailure(attempt: "dump", message: message).isTransient)
    }

    @Test("a killed one may be tried again")
    func killed() { #expect(ToolFailure(attempt: "dump", message: "", wasKilled: true).isTransient) }

    @Test("a long query does not hide what went wrong")
    func longQuery() {
        let output = """
            pg_dump: error: query failed: FATAL:  terminating connection due to administrator command
            server closed the connection unexpectedly
            pg_dump: detail: Query was: SELECT p.oid
            FROM pg_proc p
            WHERE p.oid > 16383
              AND true
              OR p.proacl IS DISTINCT FROM pip.initprivs)
            """
        let complaint = PostgresTool.complaint(of: "pg_dump", output)
        #expect(complaint.hasPrefix("pg_dump: error: query failed: FATAL:  terminating connection"))
        #expect(complaint.hasSuffix("pg_dump: detail: Query was: SELECT p.oid"))
    }
}
