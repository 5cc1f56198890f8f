/// Streams one table from the source into the target: a COPY into a COPY, two chunks in memory at most. Rows and journal row are one transaction.
struct TableCopy: Sendable {
    let source: PostgresConnection
    let target: PostgresConnection

    /// - Parameter view: What `source` belongs to.
    func run(_ table: Table, _ view: SourceView) async throws {
        let attempt = "copy \(table.label)"
        let (source, target) = (source, target)
        try await target.transaction {
            try await target.execute(Journal.check(view.context.task), attempt: "check the journal")
            var bytes: Int64 = 0
            let columns = table.columnList
            try await source.startCopyOut("COPY (SELECT \(columns) FROM ONLY \(table.sql)) TO STDOUT", attempt: attempt)
            try await target.startCopyIn("COPY \(table.sql)\(columns.isEmpty ? "" : " (\(columns))") FROM STDIN", attempt: attempt)
            var chunk = try await source.nextCopyChunk(attempt: attempt)
            while let current = chunk {
                async let upcoming = source.nextCopyChunk(attempt: attempt)
                try await target.sendCopyChunk(current, attempt: attempt)
                bytes += Int64(current.count)
                chunk = try await upcoming
            }
            let rows = try await target.finishCopyIn(attempt: attempt)
            try await view.prove(source)
            let noted = try await target.rows(Journal.copied(table, rows: rows, bytes: bytes), attempt: "write the journal")
            guard noted.affected == 1 else { throw CopyRejected(description: "\(table.label) is already copied, or not in the journal") }
        }
    }
}
