/// Copies the rows of a table, or a part of it, from the source into the target. Rows and journal are one transaction.
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
        let count = try await CopyStream(source: source, target: target, attempt: attempt).run()
        // Memory that runs out within libpq looks like the end of a COPY.
        guard count.taken == count.sent else {
            throw CopyInterrupted(
                description: "\(attempt): the source sent \(count.sent ?? 0) rows, the target took \(count.taken)", mayGoOn: true)
        }
        try await view.endCopy(part, source)
        let statements = [Journal.copied(part, rows: count.taken, bytes: count.bytes)] + completion + ["COMMIT"]
        try await target.execute(statements.joined(separator: ";\n"), attempt: completion.isEmpty ? attempt : "copy and index \(part.label)")
    }
}
