import Foundation
import PostgresEngine

/// The fixture that holds one of everything: `Fixtures/everything.sql`, of which a move takes the parts it can carry.
enum Everything: String, CaseIterable {
    case roles, common, icu, snapshot, superuser
    case largeObjects = "large objects"

    /// The statements of some parts, in the fixture's order.
    static func sql(_ parts: Set<Everything>) throws -> String {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/everything.sql").standardized
        let marked = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n-- part: ").dropFirst()
        return marked.filter { text in parts.contains { text.hasPrefix($0.rawValue + "\n") } }.map { "-- part: " + $0 }.joined(separator: "\n")
    }
}

extension Scenario {
    /// Fills the source's database with parts of the fixture, as a superuser.
    func load(_ parts: Set<Everything>) async throws {
        let sql = try Everything.sql(parts)
        try await source.superuser(databases[0]) { try await $0.execute(sql) }
    }
}
