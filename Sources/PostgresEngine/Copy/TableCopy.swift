/// Streams rows from the source into the target: a COPY into a COPY, two chunks in memory at most. Rows and journal are one transaction.
struct TableCopy: Sendable {
    let source: PostgresConnection
    let target: PostgresConnection
    /// What `source` belongs to.
    let view: SourceView

    /// Whatever fails, both sessions have to be closed: they are in the middle of something.
    ///
    /// - Parameter completion: Statements for the same transaction, after the rows.
    func run(_ part: CopyPart, completion: [String]) async throws {
        let attempt = "copy \(part.label)"
        let (source, target, view) = (source, target, view)
        async let reading: Void = view.startCopy(part.read, source, attempt: attempt)
        try await target.startCopyIn("BEGIN; \(Journal.check(view.context.task)); \(part.write)", attempt: attempt)
        try await reading
        let bytes = try await stream(attempt)
        let rows = try await target.finishCopyIn(attempt: attempt)
        let sent = await source.rowsCopiedOut
        // Memory that runs out within libpq looks like the end of a COPY.
        guard rows == sent else {
            throw CopyInterrupted(description: "\(attempt): the source sent \(sent ?? 0) rows, the target took \(rows)", mayGoOn: true)
        }
        try await view.endCopy(part, source)
        let statements = [Journal.copied(part, rows: rows, bytes: bytes)] + completion + ["COMMIT"]
        try await target.execute(statements.joined(separator: ";\n"), attempt: completion.isEmpty ? attempt : "copy and index \(part.label)")
    }

    /// The next chunk is read while one is sent.
    private func stream(_ attempt: String) async throws -> Int64 {
        let (source, target) = (source, target)
        var bytes: Int64 = 0
        var chunk = try await source.nextCopyChunk(attempt: attempt)
        while let current = chunk {
            async let upcoming = source.nextCopyChunk(attempt: attempt)
            try await target.sendCopyChunk(current, attempt: attempt)
            bytes += Int64(current.count)
            chunk = try await upcoming
        }
        return bytes
    }
}
