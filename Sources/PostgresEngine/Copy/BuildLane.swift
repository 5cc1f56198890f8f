import Logging
import MigrationCore

/// One of the `copy.indexJobs` lanes that build indexes and do whatever else follows on rows. Each step is a transaction of its own that begins with a
/// look at the journal.
struct BuildLane: Sendable {
    let context: CopyContext
    let copies: [DatabaseCopy]
    let queue: CopyQueue
    private var target = KeptSession()

    init(_ context: CopyContext, _ copies: [DatabaseCopy], _ queue: CopyQueue) {
        (self.context, self.copies, self.queue) = (context, copies, queue)
    }

    mutating func run() async throws {
        do {
            while let step = try await queue.nextStep() {
                let keys = try await run(step)
                await note(step)
                await queue.done(step, adding: keys)
            }
        } catch {
            await target.close()
            throw error
        }
        await target.close()
    }

    private func note(_ step: CopyOrder.Step) async {
        let (what, object, database): (String, String?, CopyOrder.DatabaseID)
        switch step {
        case .index(let index, let table): (what, object, database) = ("built an index", index.sql, await queue.database(of: table))
        case .complete(let table):
            (what, object, database) = ("completed a table", await queue.work(table).table.sql, await queue.database(of: table))
        case .link(let id): (what, object, database) = ("added foreign keys", nil, id)
        case .validate(let keys, let id): (what, object, database) = ("validated foreign keys", keys.first?.tableSQL, id)
        case .finish(let id): (what, object, database) = ("finished", nil, id)
        }
        var metadata: Logger.Metadata = ["database": "\(copies[database].database.name)"]
        metadata["object"] = object.map { "\($0)" }
        context.logger.info("\(what)", metadata: metadata)
    }

    /// - Returns: Foreign keys to validate, by table.
    private mutating func run(_ step: CopyOrder.Step) async throws -> [[ForeignKey]] {
        switch step {
        case .index(let index, let table):
            try await transaction(copies[await queue.database(of: table)], [index.build], "build index \(index.sql)")
        case .complete(let table):
            let work = await queue.work(table)
            try await transaction(copies[await queue.database(of: table)], work.completion, "complete \(work.table.label)")
        case .link(let database): return try await copies[database].addForeignKeys()
        case .validate(let keys, let database): try await validate(keys, copies[database])
        case .finish(let database):
            // What follows may take long; nobody needs this one meanwhile.
            await target.close()
            try await copies[database].finish()
        }
        return []
    }

    private mutating func validate(_ keys: [ForeignKey], _ copy: DatabaseCopy) async throws {
        for key in keys {
            do {
                try await transaction(copy, [key.validate], "validate foreign key \(key.name) of \(key.tableSQL)")
            } catch let error as PostgresError {
                throw copy.explained(error)
            }
        }
    }

    private mutating func transaction(_ copy: DatabaseCopy, _ statements: [String], _ attempt: String) async throws {
        let session = try await target.open(copy.database.targetName) { try await copy.openBulk() }
        let all = ["BEGIN", Journal.check(context.task)] + statements + ["COMMIT"]
        try await session.execute(all.joined(separator: ";\n"), attempt: attempt)
    }
}
