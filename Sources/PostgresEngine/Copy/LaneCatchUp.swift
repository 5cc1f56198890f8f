import MigrationCore

/// Waits until the target has everything that the source has written up to now.
struct LaneCatchUp: Sendable {
    /// All lanes of the database: a wait for one would not say much of a table's neighbours, and the slowest is seldom far behind.
    let lanes: [String]
    let source: PostgresConnection
    let uid: String

    private static let pollPeriod = Duration.milliseconds(100)
    /// Without any progress.
    private static let patience = Duration.seconds(5 * 60)

    /// - Throws: ``CopyInterrupted`` when a lane does not get on.
    func wait() async throws {
        let position = try await source.rows("SELECT pg_current_wal_insert_lsn()", attempt: "read a WAL position").first?[0]
        guard let wanted = position.flatMap({ WALPosition($0) }) else { return }
        let clock = ContinuousClock()
        var best: (positions: [String: WALPosition], at: ContinuousClock.Instant) = ([:], clock.now)
        while true {
            let confirmed = try await confirmed()
            let behind = lanes.filter { confirmed[$0].map { $0 < wanted } ?? true }
            if behind.isEmpty { return }
            if confirmed != best.positions { best = (confirmed, clock.now) }
            guard confirmed.count == lanes.count, clock.now < best.at + Self.patience else {
                throw CopyInterrupted(description: try await why(behind, confirmed))
            }
            try await Task.sleep(for: Self.pollPeriod)
        }
    }

    private func why(_ behind: [String], _ confirmed: [String: WALPosition]) async throws -> String {
        if let loss = try await PublisherReading.read(source, uid: uid, .forward).loss(lanes) { return loss }
        let stands = behind.map { "\($0) at \(confirmed[$0].map(\.description) ?? "nothing")" }.joined(separator: ", ")
        return "slots stand still for \(Self.patience): \(stands): look at their subscriptions on the target"
    }

    private func confirmed() async throws -> [String: WALPosition] {
        let rows = try await source.rows(
            "SELECT slot_name, confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name IN \(SQL.list(lanes))",
            attempt: "read the slots' positions")
        return Dictionary(rows.compactMap { row in row["confirmed_flush_lsn"].flatMap { WALPosition($0) }.map { (row.text("slot_name"), $0) } }) {
            $1
        }
    }
}
