import MigrationCore
import MigrationPorts

/// Makes, connects and removes the lanes of one direction. Everything may be repeated after a crash at any point.
struct Lanes: Sendable {
    let context: DatabaseContext
    let direction: Direction

    /// Whose sessions are borrowed where time matters.
    private let pool: SessionPool?

    init(_ context: DatabaseContext, _ direction: Direction, _ pool: SessionPool? = nil) {
        self.context = context
        self.direction = direction
        self.pool = pool
    }

    /// Publications, slots, rows, subscriptions (disabled): in this order. Lanes of this direction under other names go first; what is half there is
    /// made anew, because a publication is only as good as its slot, and a split only as its last lane.
    ///
    /// - Throws: ``FenceStopped`` when the source's epoch is another, or the target is no longer prepared; ``FenceFailure`` when a slot cannot be made.
    func prepare(epoch: Int64) async throws {
        let (context, direction) = (context, direction)
        try await run(epoch, requiresTarget: true) { database, ends in
            let publisher = LanePublisher(session: ends.publisher)
            let subscriber = LaneSubscriber(session: ends.subscriber)
            let oid = try await ends.publisher.databaseOID()
            let present = try await publisher.whole(
                LaneName.pattern(uid: context.uid, direction, databaseOID: oid, origin: .epoch(epoch)))
            try await Self.drop(context.uid, direction, publisher, subscriber) { present?.contains($0) == true }
            var names = present ?? []
            if present == nil {
                let split = try await LaneTables.read(ends.publisher).split(most: context.plan.copy.lanes)
                let lanes = split.enumerated().map { index, tables in
                    let name = LaneName(uid: context.uid, direction: direction, databaseOID: oid, number: index + 1, origin: .epoch(epoch))
                    return LanePublisher.Lane(name: name.description, tables: tables)
                }
                try await publisher.make(lanes)
                names = lanes.map(\.name)
            }
            try await ends.tables.execute(
                "BEGIN; \(LaneTable.create); \(LaneTable.set(direction, names)); COMMIT", attempt: "write _dbmigration.lane")
            for name in names where try await subscriber.state(name) == nil {
                try await subscriber.create(name, Self.connection(context, direction, database), publisherMajor: await ends.publisher.major)
            }
        }
    }

    /// The subscriptions exist and are enabled. What the target took from its opening on flows back by the reverse ones, and nothing before.
    func connect(epoch: Int64) async throws {
        let (context, direction) = (context, direction)
        try await run(epoch) { database, ends in
            let lanes = try await LaneTable.entries(ends.tables, direction)
            if lanes.isEmpty {
                throw FenceFailure(
                    server: ends.tables.server, what: "no \(direction.rawValue) lane is recorded for \(database.name)",
                    remedy: "it has to be made first")
            }
            let connection = Self.connection(context, direction, database)
            for lane in lanes { try await Self.connect(lane, direction, ends, connection) }
        }
    }

    private static func connect(_ lane: LaneTable.Entry, _ direction: Direction, _ ends: LaneEnds, _ connection: SubscriptionConnection) async throws
    {
        let subscriber = LaneSubscriber(session: ends.subscriber)
        let found = try await subscriber.state(lane.name)
        if found == nil {
            try await subscriber.create(lane.name, connection, publisherMajor: await ends.publisher.major)
        } else if found?.isEnabled == true {
            if found?.hasWorker == false { try await subscriber.setConnection(lane.name, connection) }
            return
        } else {
            try await subscriber.setConnection(lane.name, connection)
        }
        switch direction {
        // From here on the target takes changes that every reverse slot must be advanced past.
        case .forward: try await ends.tables.execute(LaneTable.forgetStart, attempt: "write _dbmigration.lane")
        case .reverse: try await start(lane, ends, subscriber)
        }
        try await subscriber.enable(lane.name)
    }

    /// The subscriptions, if there are any, are disabled, and no worker of theirs is left.
    func disconnect(epoch: Int64) async throws {
        try await LaneLock.hold(context, epoch: epoch, pool: pool) { try await disconnect(under: $0) }
    }

    func disconnect(under lock: FenceLock) async throws {
        let (uid, direction) = (context.uid, direction)
        try await run(lock) { _, ends in
            let subscriber = LaneSubscriber(session: ends.subscriber)
            try await subscriber.disable(try await subscriber.names(LaneName.pattern(uid: uid, direction)))
        }
    }

    /// Nothing of this direction is left on either server. The rows go last.
    func remove(epoch: Int64) async throws {
        let (uid, direction) = (context.uid, direction)
        try await run(epoch) { _, ends in
            try await Self.drop(uid, direction, LanePublisher(session: ends.publisher), LaneSubscriber(session: ends.subscriber)) { _ in false }
            if try await LaneTable.exists(ends.tables) {
                try await ends.tables.execute(LaneTable.clear(direction), attempt: "write _dbmigration.lane")
            }
        }
    }

    // MARK: -

    /// Runs an operation for every database, under the lock of the source's fence and at its epoch. The lock is proven after the sessions were
    /// opened: who takes it away later ends them.
    private func run(
        _ epoch: Int64, requiresTarget: Bool = false,
        _ operation: @escaping @Sendable (Plan.Database, LaneEnds) async throws -> Void
    ) async throws {
        try await LaneLock.hold(context, epoch: epoch, pool: pool) { lock in
            if requiresTarget { try await LaneLock.requireTarget(context) }
            try await run(lock, operation)
        }
    }

    private func run(_ lock: FenceLock, _ operation: @escaping @Sendable (Plan.Database, LaneEnds) async throws -> Void) async throws {
        let (context, direction, pool) = (context, direction, pool)
        _ = try await concurrently(context.plan.databases, limit: 4) { database in
            try await LaneEnds.with(context, direction, database, pool: pool) { ends in
                try await lock.check()
                try await operation(database, ends)
            }
        }
    }

    private static func connection(_ context: DatabaseContext, _ direction: Direction, _ database: Plan.Database) -> SubscriptionConnection {
        SubscriptionConnection(
            context.access(direction.publisher), database: direction.publisher == .source ? database.name : database.targetName)
    }

    /// Subscriptions first: they end their walsenders, and no slot is missed by a worker.
    private static func drop(
        _ uid: String, _ direction: Direction, _ publisher: LanePublisher, _ subscriber: LaneSubscriber, unless keeps: (String) -> Bool
    ) async throws {
        let pattern = LaneName.pattern(uid: uid, direction)
        for name in try await subscriber.names(pattern) where !keeps(name) { try await subscriber.drop(name) }
        for name in try await publisher.names(pattern) where !keeps(name) { try await publisher.drop(name) }
    }

    private static func start(_ lane: LaneTable.Entry, _ ends: LaneEnds, _ subscriber: LaneSubscriber) async throws {
        guard let position = lane.startedAt, let subscription = try await subscriber.state(lane.name) else { return }
        try await ReverseStart.advance([lane.name], to: position, ends.publisher)
        try await subscriber.skip(subscription, to: position)
    }
}
