import CPostgres

/// Owner of one libpq result.
@safe struct ResultHandle: ~Copyable {
    let pointer: OpaquePointer

    init(pointer: OpaquePointer) { unsafe self.pointer = pointer }

    deinit { unsafe PQclear(pointer) }

    var rows: Rows {
        let width = unsafe PQnfields(pointer)
        var columns: [String: Int] = [:]
        for column in 0..<width { unsafe columns[String(cString: PQfname(pointer, column))] = Int(column) }
        let values = unsafe (0..<PQntuples(pointer)).map { row in
            (0..<width).map { column in
                unsafe PQgetisnull(pointer, row, column) == 1 ? nil : String(cString: PQgetvalue(pointer, row, column))
            }
        }
        return unsafe Rows(columns: columns, values: values, affected: Int(String(cString: PQcmdTuples(pointer))) ?? 0)
    }

    func error(_ attempt: String, _ server: String) -> PostgresError {
        // Field codes of libpq: C = SQLSTATE, M = message, D = detail, H = hint. The detail of a constraint shows row content: left out.
        let state = field("C")
        var message = unsafe field("M") ?? String(cString: PQresultErrorMessage(pointer))
        if let state, !state.hasPrefix("23"), !state.hasPrefix("22"), let detail = field("D") { message += ": " + detail }
        return PostgresError(
            kind: state.map { PostgresError.Kind(sqlState: $0) } ?? .connectionLost, sqlState: state, message: message, hint: field("H"),
            attempt: attempt,
            server: server)
    }

    private func field(_ code: Unicode.Scalar) -> String? {
        guard let text = unsafe PQresultErrorField(pointer, Int32(code.value)) else { return nil }
        return unsafe String(cString: text)
    }
}
