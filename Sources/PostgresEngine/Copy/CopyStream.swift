/// A COPY out of one session into a COPY of another, both of them started: two chunks in memory at most.
struct CopyStream: Sendable {
    let source: PostgresConnection
    let target: PostgresConnection
    /// What it is for, as an error says it.
    let attempt: String

    struct Count: Sendable {
        /// As they travelled.
        var bytes: Int64
        /// Rows that the source says it has sent.
        var sent: Int?
        /// Rows that the target has kept.
        var taken: Int
    }

    /// Moves everything and ends both; the next chunk is read while one is sent. Whatever fails, both sessions are in the middle of something.
    func run() async throws -> Count {
        let (source, target, attempt) = (source, target, attempt)
        var bytes: Int64 = 0
        var chunk = try await source.nextCopyChunk(attempt: attempt)
        while let current = chunk {
            async let upcoming = source.nextCopyChunk(attempt: attempt)
            try await target.sendCopyChunk(current, attempt: attempt)
            bytes += Int64(current.count)
            chunk = try await upcoming
        }
        let taken = try await target.finishCopyIn(attempt: attempt)
        return Count(bytes: bytes, sent: await source.rowsCopiedOut, taken: taken)
    }
}
