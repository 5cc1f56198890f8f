import MigrationCore

/// Waits until the target has everything that the source has written up to now.
struct LaneCatchUp: Sendable {
    /// Its slot's name.
    let lane: String
    let source: PostgresConnection

    private static let pollPeriod = Duration.milliseconds(100)
    /// Without any progress.
    private static let patience = Duration.seconds(5 * 60)

    /// - Throws: ``CopyInterrupted`` when the lane does not get on.
    func wait() async throws {
        let wanted = try await position("SELECT pg_current_wal_insert_lsn()")
        let clock = ContinuousClock()
        var best: (position: WALPosition?, at: ContinuousClock.Instant) = (nil, clock.now)
        while true {
            let confirmed = try await position("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = \(SQL.literal(lane))")
            if let confirmed, let wanted, confirmed >= wanted { return }
            if confirmed != best.position { best = (confirmed, clock.now) }
            guard confirmed != nil, clock.now < best.at + Self.patience else {
                let stands =
                    "slot \(lane) stands at \(confirmed.map(\.description) ?? "nothing") for \(Self.patience): look at its subscription on the target"
                throw CopyInterrupted(description: try await SlotReading.read(source, lane).loss(lane) ?? stands)
            }
            try await Task.sleep(for: Self.pollPeriod)
        }
    }

    private func position(_ query: String) async throws -> WALPosition? {
        try await source.rows(query, attempt: "read a WAL position").first?[0].flatMap { WALPosition($0) }
    }
}
