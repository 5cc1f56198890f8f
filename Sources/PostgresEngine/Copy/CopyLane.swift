import Logging
import MigrationCore

/// One of the `copy.jobs` lanes that copy rows: its two sessions serve one table after another.
struct CopyLane: Sendable {
    let context: CopyContext
    let copies: [DatabaseCopy]
    let queue: CopyQueue
    private var source = KeptSession()
    private var target = KeptSession()

    init(_ context: CopyContext, _ copies: [DatabaseCopy], _ queue: CopyQueue) {
        (self.context, self.copies, self.queue) = (context, copies, queue)
    }

    mutating func run() async throws {
        do {
            while let rows = await next() {
                try Task.checkCancellation()
                try await copy(rows)
                context.logger.info("copied", metadata: ["database": "\(copies[rows.database].database.name)", "table": "\(rows.part.label)"])
                await queue.copied(rows)
            }
        } catch {
            await close()
            throw error
        }
        await close()
    }

    private func next() async -> CopyOrder.Rows? {
        let (source, copies) = (source, copies)
        return await queue.nextRows { source.isOpen(copies[$0.database].views[$0.part.table].name) }
    }

    private mutating func copy(_ rows: CopyOrder.Rows) async throws {
        let copy = copies[rows.database]
        let view = copy.views[rows.part.table]
        let completion = rows.isSmall ? await queue.work(rows.table).allAtOnce : []
        let source = try await source.open(view.name) { try await view.open() }
        let target = try await target.open(copy.database.targetName) { try await copy.openBulk() }
        try await TableCopy(source: source, target: target, view: view).run(rows.part, completion: completion)
    }

    private mutating func close() async {
        await source.close()
        await target.close()
    }
}
