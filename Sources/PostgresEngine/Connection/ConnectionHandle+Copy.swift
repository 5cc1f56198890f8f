import CPostgres
import Glibc

/// A piece of a COPY OUT.
struct CopyChunk: Sendable {
    /// Whole rows; `nil` after the last ones.
    var bytes: [UInt8]?
    /// How many rows the server says it has sent in all, known with the last piece.
    var rows: Int?
}

extension ConnectionHandle {
    /// Above what one chunk was asked for, so that rows of ordinary width never need another buffer.
    private static let slack = 16 * 1024
    /// Sent as one message; libpq's own buffer grows to twice of it.
    private static let messageBytes = 256 * 1024

    /// Starts a COPY, the last of some statements; `expected` is PGRES_COPY_IN or PGRES_COPY_OUT.
    func startCopy(_ sql: String, expected: ExecStatusType, attempt: String, cancel: CancelFlag) throws(PostgresError) {
        let connection = try live(attempt)
        guard !sql.utf8.contains(0), unsafe PQsendQuery(connection.raw, sql) == 1 else { throw broken(attempt, connection) }
        while let result = try nextResult(attempt, cancel) {
            let status = unsafe PQresultStatus(result.pointer)
            if status == expected { return }
            if [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(status) { continue }
            let error = result.error(attempt, server)
            _ = try? collect(attempt, cancel)
            throw error
        }
        throw failure(attempt, kind: .other, "no answer")
    }

    /// Rows as COPY sends them, at least so many bytes at once.
    func copyOut(atLeast bytes: Int, attempt: String, cancel: CancelFlag) throws(PostgresError) -> CopyChunk {
        let connection = try live(attempt)
        let capacity = bytes + Self.slack
        var problem: PostgresError?
        var hasEnded = false
        var largeRow: UnsafeMutablePointer<CChar>?
        var largeCount: Int32 = 0
        var chunk = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
            count = 0
            while true {
                let state = unsafe dbm_copy_rows(connection.raw, buffer.baseAddress, bytes, capacity, &count, &largeRow, &largeCount)
                if state == DBM_COPY_WAITING {
                    do throws(PostgresError) { try awaitInput(attempt, connection, cancel) } catch {
                        problem = error
                        return
                    }
                } else {
                    hasEnded = state == DBM_COPY_ENDED
                    return
                }
            }
        }
        if let problem { throw problem }
        if let row = unsafe largeRow, largeCount > 0 {
            unsafe chunk.append(contentsOf: UnsafeRawBufferPointer(start: row, count: Int(largeCount)))
            unsafe PQfreemem(row)
        }
        guard hasEnded else { return CopyChunk(bytes: chunk) }
        let rows = try collect(attempt, cancel).last?.affected
        return CopyChunk(bytes: chunk.isEmpty ? nil : chunk, rows: rows)
    }

    private func awaitInput(_ attempt: String, _ connection: Link, _ cancel: CancelFlag) throws(PostgresError) {
        if cancel.isSet { throw abandon(attempt, connection) }
        if try ready(for: Int16(POLLIN), on: connection), unsafe PQconsumeInput(connection.raw) != 1 { throw broken(attempt, connection) }
    }

    /// Reads a COPY that nobody wants to its end.
    func discardCopy(attempt: String, cancel: CancelFlag) throws(PostgresError) {
        let connection = try live(attempt)
        while true {
            var row: UnsafeMutablePointer<CChar>?
            let count = unsafe PQgetCopyData(connection.raw, &row, 1)
            if count < 0 { return }
            if count == 0 { try awaitInput(attempt, connection, cancel) }
            unsafe PQfreemem(row)
        }
    }

    /// Sends a chunk in messages, which need not end where rows do.
    func copyIn(_ chunk: [UInt8], attempt: String, cancel: CancelFlag) throws(PostgresError) {
        let connection = try live(attempt)
        for start in stride(from: 0, to: chunk.count, by: Self.messageBytes) {
            let count = min(Self.messageBytes, chunk.count - start)
            while true {
                let sent = unsafe chunk.withUnsafeBytes { bytes in
                    unsafe PQputCopyData(connection.raw, bytes.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self), Int32(count))
                }
                if sent == 1 { break }
                guard sent == 0 else { throw broken(attempt, connection) }
                if cancel.isSet { throw abandon(attempt, connection) }
                try drain(attempt, connection)
            }
        }
        try flush(attempt, cancel)
    }

    /// Ends a COPY IN and answers its row count.
    func endCopyIn(attempt: String, cancel: CancelFlag) throws(PostgresError) -> Int {
        let connection = try live(attempt)
        while true {
            let sent = unsafe PQputCopyEnd(connection.raw, nil)
            if sent == 1 { break }
            guard sent == 0 else { throw broken(attempt, connection) }
            try drain(attempt, connection)
        }
        return try collect(attempt, cancel).last?.affected ?? 0
    }
}
