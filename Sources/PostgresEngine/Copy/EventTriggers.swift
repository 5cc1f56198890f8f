import FoundationEssentials
import MigrationCore

extension DatabaseCopy {
    /// Statements that make the source's event triggers, for the end of the copy: they would hear of what we make. Preflight found that our role may.
    func eventTriggers() async throws -> String {
        let any = try await views.main.with { source in
            try await source.rows("SELECT 1 FROM pg_event_trigger LIMIT 1", attempt: "look for event triggers")
        }
        if any.isEmpty { return "" }
        let dump = try await makeDump()
        return try await dump.sql(try await dump.contents(.postData).eventTriggers)
    }
}
