import CPostgres
import Glibc

/// libpq's connection; stays in this file and ``ConnectionHandle``'s COPY.
@safe struct Link {
    let raw: OpaquePointer
}

/// Owner of one libpq connection. Every call blocks its thread while the server works, in slices of 200 ms to notice cancellation.
struct ConnectionHandle: ~Copyable {
    private var link: Link?
    /// `host:port/database`, for errors.
    let server: String

    private static let sliceMilliseconds: Int32 = 200

    /// No connection yet.
    init(server: String) {
        link = nil
        self.server = server
    }

    deinit { if let link { unsafe PQfinish(link.raw) } }

    mutating func close() {
        if let link { unsafe PQfinish(link.raw) }
        link = nil
    }

    /// The server's process of this session; 0 without one.
    var backend: Int32 { if let link { unsafe PQbackendPID(link.raw) } else { 0 } }

    /// The server's major version, which it tells with the login; 0 without one.
    var major: Int { if let link { Int(unsafe PQserverVersion(link.raw)) / 10_000 } else { 0 } }

    // MARK: Connecting

    mutating func open(_ parameters: [(String, String)], seconds: Int, cancel: CancelFlag) throws(PostgresError) {
        let keywords = parameters.map(\.0)
        let values = parameters.map(\.1)
        let attempt = unsafe CStrings.with(keywords) { keywords in
            unsafe CStrings.with(values) { values in unsafe PQconnectStartParams(keywords, values, 0) }
        }
        guard let raw = unsafe attempt else { throw failure("connect", kind: .unreachable, "out of memory") }
        let started = unsafe Link(raw: raw)
        link = started
        // Only the verbose form carries the SQLSTATE of a refused connection.
        unsafe PQsetErrorVerbosity(started.raw, PQERRORS_VERBOSE)
        unsafe dbm_silence_notices(started.raw)
        var slices = seconds * 1000 / Int(Self.sliceMilliseconds)
        var wanted = Int16(POLLOUT)
        while unsafe PQstatus(started.raw) != CONNECTION_BAD {
            if try ready(for: wanted, on: started) {
                switch unsafe PQconnectPoll(started.raw) {
                case PGRES_POLLING_OK:
                    unsafe PQsetErrorVerbosity(started.raw, PQERRORS_DEFAULT)
                    unsafe PQsetnonblocking(started.raw, 1)
                    return
                case PGRES_POLLING_READING: wanted = Int16(POLLIN)
                case PGRES_POLLING_WRITING: wanted = Int16(POLLOUT)
                default: throw connectFailure(started)
                }
            } else {
                slices -= 1
                if cancel.isSet { throw failure("connect", kind: .cancelled, "cancelled while connecting") }
                if slices <= 0 { throw failure("connect", kind: .unreachable, "no connection within \(seconds) s") }
            }
        }
        throw connectFailure(started)
    }

    private func connectFailure(_ connection: Link) -> PostgresError {
        let text = unsafe String(cString: PQerrorMessage(connection.raw))
        let refusal = ConnectRefusal(libpqMessage: text)
        let kind = refusal.sqlState.map { PostgresError.Kind(sqlState: $0) } ?? (refusal.isAboutPassword ? .authentication : .unreachable)
        return PostgresError(kind: kind, sqlState: refusal.sqlState, message: refusal.message, attempt: "connect", server: server)
    }

    // MARK: Statements

    /// Sends text by the simple protocol and collects every answer.
    func run(_ sql: String, attempt: String, cancel: CancelFlag) throws(PostgresError) -> [Rows] {
        let connection = try live(attempt)
        guard !sql.utf8.contains(0), unsafe PQsendQuery(connection.raw, sql) == 1 else { throw broken(attempt, connection) }
        return try collect(attempt, cancel)
    }

    func run(_ sql: String, parameters: [String?], attempt: String, cancel: CancelFlag) throws(PostgresError) -> [Rows] {
        let connection = try live(attempt)
        let sent = unsafe CStrings.with(parameters) { values in
            unsafe PQsendQueryParams(connection.raw, sql, Int32(parameters.count), nil, values, nil, nil, 0)
        }
        guard sent == 1 else { throw broken(attempt, connection) }
        return try collect(attempt, cancel)
    }

    /// Every result up to the end; an error among them is thrown after the rest was read, so that the session stays usable.
    func collect(_ attempt: String, _ cancel: CancelFlag) throws(PostgresError) -> [Rows] {
        let connection = try live(attempt)
        var answers: [Rows] = []
        var problem: PostgresError?
        while let result = try nextResult(attempt, cancel) {
            let status = unsafe PQresultStatus(result.pointer)
            switch status {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY: answers.append(result.rows)
            case PGRES_COPY_IN: unsafe _ = PQputCopyEnd(connection.raw, "unexpected COPY")
            case PGRES_COPY_OUT: try discardCopy(attempt: attempt, cancel: cancel)
            default: problem = problem ?? result.error(attempt, server)
            }
        }
        if let problem { throw problem }
        return answers
    }

    func nextResult(_ attempt: String, _ cancel: CancelFlag) throws(PostgresError) -> ResultHandle? {
        let connection = try live(attempt)
        try flush(attempt, cancel)
        var slicesAfterCancel = 0
        while unsafe PQisBusy(connection.raw) == 1 {
            if try ready(for: Int16(POLLIN), on: connection) {
                guard unsafe PQconsumeInput(connection.raw) == 1 else { throw broken(attempt, connection) }
            } else if cancel.isOver {
                unsafe shutdown(PQsocket(connection.raw), Int32(SHUT_RDWR))
                throw failure(attempt, kind: .cancelled, "no answer in time")
            } else if cancel.isSet {
                if slicesAfterCancel == 0 { requestCancel(connection) }
                slicesAfterCancel += 1
                if slicesAfterCancel > 50 { throw abandon(attempt, connection) }
            }
        }
        guard let result = unsafe PQgetResult(connection.raw) else { return nil }
        return unsafe ResultHandle(pointer: result)
    }

    // MARK: Waiting

    func flush(_ attempt: String, _ cancel: CancelFlag) throws(PostgresError) {
        let connection = try live(attempt)
        while true {
            let left = unsafe PQflush(connection.raw)
            if left == 0 { return }
            guard left == 1 else { throw broken(attempt, connection) }
            if cancel.isSet { throw abandon(attempt, connection) }
            try drain(attempt, connection)
        }
    }

    /// Waits until the socket takes or has data; what the server said is read, or both sides would wait for ever.
    func drain(_ attempt: String, _ connection: Link) throws(PostgresError) {
        if try ready(for: Int16(POLLIN | POLLOUT), on: connection), unsafe PQconsumeInput(connection.raw) != 1 { throw broken(attempt, connection) }
    }

    /// Whether the socket became ready within one slice.
    func ready(for events: Int16, on connection: Link) throws(PostgresError) -> Bool {
        var descriptor = unsafe pollfd(fd: PQsocket(connection.raw), events: events, revents: 0)
        guard descriptor.fd >= 0 else { throw broken("wait", connection) }
        return unsafe poll(&descriptor, 1, Self.sliceMilliseconds) > 0
    }

    private func requestCancel(_ connection: Link) {
        guard let request = unsafe PQgetCancel(connection.raw) else { return }
        var reason = [CChar](repeating: 0, count: 256)
        unsafe PQcancel(request, &reason, 256)
        unsafe PQfreeCancel(request)
    }

    /// Gives the session up: it is in the middle of something and nobody waits for it any more.
    func abandon(_ attempt: String, _ connection: Link) -> PostgresError {
        requestCancel(connection)
        unsafe shutdown(PQsocket(connection.raw), Int32(SHUT_RDWR))
        return failure(attempt, kind: .cancelled, "cancelled")
    }

    // MARK: Errors

    func live(_ attempt: String) throws(PostgresError) -> Link {
        guard let link else { throw failure(attempt, kind: .connectionLost, "the session is closed") }
        return link
    }

    func broken(_ attempt: String, _ connection: Link) -> PostgresError {
        let refusal = unsafe ConnectRefusal(libpqMessage: String(cString: PQerrorMessage(connection.raw)))
        let kind: PostgresError.Kind = unsafe PQstatus(connection.raw) == CONNECTION_BAD ? .connectionLost : .other
        return failure(attempt, kind: kind, refusal.message)
    }

    func failure(_ attempt: String, kind: PostgresError.Kind, _ message: String) -> PostgresError {
        PostgresError(kind: kind, message: message, attempt: attempt, server: server)
    }

    /// A SCRAM verifier of a password, made on this side.
    func verifier(password: String, user: String) throws(PostgresError) -> String {
        let connection = try live("make a SCRAM verifier")
        guard let text = unsafe PQencryptPasswordConn(connection.raw, password, user, "scram-sha-256") else {
            throw broken("make a SCRAM verifier", connection)
        }
        defer { unsafe PQfreemem(text) }
        return unsafe String(cString: text)
    }
}
