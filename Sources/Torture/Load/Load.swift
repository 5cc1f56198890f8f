import MigrationCore

/// The applications of a run.
actor Load {
    let journal: Journal
    nonisolated let aim = Aim()
    private let plan: RunPlan
    private let arena: Arena
    private var makers: [String: TransactionMaker] = [:]
    private var running: [String: Task<TransactionMaker, Never>] = [:]

    init(_ plan: RunPlan, _ arena: Arena, journal: Journal) {
        self.plan = plan
        self.arena = arena
        self.journal = journal
    }

    /// Starts every writer, and the watchers when writing is free to both sides. Stop first when they run.
    func start(_ goal: Aim.Goal) {
        aim.set(goal)
        for database in plan.databases {
            for number in 0..<database.writers {
                let writer = Writer(database: database, arena: arena, journal: journal, aim: aim)
                launch("\(database.name)/\(number)", TransactionMaker(database, writer: number)) {
                    await writer.run($0)
                }
            }
        }
        guard goal == .anywhere, let database = plan.databases.first else { return }
        for (side, number) in [(Side.source, 101), (.target, 102)] {
            let watcher = Watcher(
                side: side, database: database, arena: arena, journal: journal, aim: aim)
            launch("watcher/\(number)", TransactionMaker(database, writer: number)) {
                await watcher.run($0)
            }
        }
    }

    private func launch(
        _ name: String, _ new: TransactionMaker,
        _ body: @escaping @Sendable (TransactionMaker) async -> TransactionMaker
    ) {
        let maker = makers[name] ?? new
        running[name] = Task { await body(maker) }
    }

    /// No new transactions; those under way still get their answer.
    func stop() async {
        aim.set(.nowhere)
        let tasks = running
        running = [:]
        for (name, task) in tasks { makers[name] = await task.value }
    }
}
