import MigrationCore
import MigrationPorts

/// Reads the lanes of one direction from both servers, through closed doors too: one round trip to each, at the same time, since a write pause
/// waits for it again and again.
struct LaneObservation: Sendable {
    let context: DatabaseContext
    let direction: Direction
    let pool: SessionPool

    init(_ context: DatabaseContext, _ direction: Direction, _ pool: SessionPool) {
        self.context = context
        self.pool = pool
        self.direction = direction
    }

    func read() async throws -> ReplicationState {
        let readings = try await concurrently(context.plan.databases, limit: 4) { try await read($0) }
        let epochs = readings.map(\.sequences?.epoch)
        return ReplicationState(
            lanes: readings.flatMap(\.lanes), sequencesEpoch: epochs.contains(nil) ? nil : epochs.compactMap { $0 }.min(),
            mismatch: readings.lazy.compactMap(\.sequences?.mismatch).first)
    }

    private struct Reading: Sendable {
        var lanes: [LaneState]
        var sequences: SequenceTable.Reading?
    }

    private func read(_ database: Plan.Database) async throws -> Reading {
        async let published = publisher(database)
        async let subscribed = subscriptions(database)
        let records = direction.publisher == .target ? try await published.records : try await subscribed.records
        guard !records.lanes.isEmpty else {
            // Without lanes the source is not needed, and may be gone. It is waited for, because a statement that is cut off costs its session.
            if direction.publisher == .target { _ = try? await subscribed } else { _ = try? await published }
            return Reading(lanes: [LaneState(database: database.name, stage: .absent)], sequences: records.sequences)
        }
        let names = records.lanes.map(\.name)
        var reading = try await published.reading
        // A lane is recorded once its slot is there, but a slot that was looked for at the same time may be younger than the look: it counts as
        // lost only if it still is afterwards.
        if reading.loss(names) != nil { reading = try await publisher(database).reading }
        let subscriptions = try await subscribed.reading
        var lanes: [LaneState] = []
        for record in records.lanes {
            var slot = reading.lane(record.name, among: names)
            if subscriptions[record.name]?.failsForAReason == true, slot.loss(record.name) == nil {
                slot.decodingFailure = try await decodingFailure(of: record.name, database)
            }
            lanes.append(state(database.name, record, slot, subscriptions[record.name]))
        }
        return Reading(lanes: lanes, sequences: records.sequences)
    }

    private func state(_ database: String, _ lane: LaneTable.Entry, _ slot: SlotReading, _ subscription: SubscriptionReading?) -> LaneState {
        let stage: LaneState.Stage =
            switch subscription {
            case nil: .slotted
            case .some(let found): found.isEnabled ? .running : .connected
            }
        let subscriber = context.access(direction.subscriber).server
        return LaneState(
            database: database, number: lane.number, stage: stage, isStreaming: slot.isActive && subscription?.hasWorker == true,
            confirmed: slot.confirmed, lagBytes: slot.confirmed.map { slot.insert.bytes > $0.bytes ? Int64(slot.insert.bytes - $0.bytes) : 0 },
            retainedBytes: slot.restart.map { slot.insert.bytes > $0.bytes ? Int64(slot.insert.bytes - $0.bytes) : 0 }, loss: slot.loss(lane.name),
            trouble: subscription?.trouble(lane.name, server: "\(subscriber.host):\(subscriber.port)") ?? slot.trouble(lane.name))
    }

    // MARK: Asking

    private func publisher(_ database: Plan.Database) async throws -> (records: LaneRecords, reading: PublisherReading) {
        try await look(direction.publisher, database, { _, pattern in PublisherReading.statements(pattern) }) { answers, server in
            try PublisherReading(answers, server: server)
        }
    }

    private func subscriptions(_ database: Plan.Database) async throws -> (records: LaneRecords, reading: [String: SubscriptionReading]) {
        try await look(direction.subscriber, database, { SubscriptionReading.statement($1, major: $0) }) { answers, _ in
            SubscriptionReading.all(answers.last ?? .none)
        }
    }

    /// Everything of one side; on the target what is noted first, so that a slot's look comes after it.
    private func look<Answer: Sendable>(
        _ side: Side, _ database: Plan.Database, _ statements: (Int, String) -> String, _ answer: ([Rows], String) throws -> Answer
    ) async throws -> (records: LaneRecords, reading: Answer) {
        try await context.with(side, database, pool) { session in
            let own = statements(await session.major, LaneName.pattern(uid: context.uid, direction))
            let attempt = "read the lanes of \(database.name)"
            guard side == .target else { return (LaneRecords(), try answer(try await session.execute(own, attempt: attempt), session.server)) }
            let answers = try await session.execute(LaneRecords.statements(direction) + ";" + own, attempt: attempt)
            let noted = answers.prefix(LaneRecords.answers)
            return (try LaneRecords(noted.last ?? .none), try answer(Array(answers.dropFirst(noted.count)), session.server))
        }
    }

    private func decodingFailure(of name: String, _ database: Plan.Database) async throws -> String? {
        try await context.with(direction.publisher, database, pool) { try await SlotProbe(session: $0, uid: context.uid).failure(of: name) }
    }
}
