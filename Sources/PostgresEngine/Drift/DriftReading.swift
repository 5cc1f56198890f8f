import MigrationCore
import MigrationPorts

/// Compares the tables that the lanes of one direction carry with their copies, in every database of the plan.
struct DriftReading: Sendable {
    let context: DatabaseContext
    let direction: Direction
    let pool: SessionPool

    /// What differs and what to do about it, by database; `nil` when everything fits.
    func read() async throws -> String? {
        let found = try await concurrently(context.plan.databases, limit: 4) { try await read($0) }.compactMap { $0 }
        return found.isEmpty ? nil : found.joined(separator: ". ")
    }

    private func read(_ database: Plan.Database) async throws -> String? {
        async let ours = ask(direction.publisher, database) { try await $0.digest() }
        async let theirs = ask(direction.subscriber, database) { try await $0.digest() }
        guard try await ours != theirs else { return nil }
        async let publisher = ask(direction.publisher, database) { try await $0.read() }
        async let subscriber = ask(direction.subscriber, database) { try await $0.read() }
        let comparison = ShapeComparison(direction: direction, bothWays: direction == .forward && context.plan.keepsReverseLane)
        return comparison.text(database.name, comparison.differences(publisher: try await publisher, subscriber: try await subscriber))
    }

    private func ask<Answer: Sendable>(
        _ side: Side, _ database: Plan.Database, _ question: @Sendable (ShapeReading) async throws -> Answer
    ) async throws -> Answer {
        let publications = side == direction.publisher ? LaneName.pattern(uid: context.uid, direction) : nil
        let name = side == .source ? database.name : database.targetName
        return try await Sessions(context.access(side), uid: context.uid, pool: pool).with(database: name) { session in
            try await question(ShapeReading(session: session, publications: publications))
        }
    }
}
