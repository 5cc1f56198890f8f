import Foundation
import MigrationCore
import MigrationPorts
import PostgresEngine
import StructuredData
import Synchronization

/// A throw-away PostgreSQL server on 127.0.0.1. A shell stands guard over it: when this process ends, however it ends, the shell's
/// standard input closes, and it stops the server and removes its folder.
final class Cluster: Sendable {
    static let password = "it's a \\ secret"
    let port: Int
    private let shell: FileHandle

    private init(port: Int, shell: FileHandle) { (self.port, self.shell) = (port, shell) }

    static let source = Task { try await Cluster.start("source") }
    static let target = Task { try await Cluster.start("target") }
    /// Programs of a newer server, e.g. of `hack/lib/postgres-versions.sh 18`; its `pg_dump` has to be the first on the PATH.
    static let newerPrograms = ProcessInfo.processInfo.environment["DBMIGRATION_TEST_NEWER_POSTGRES"]
    static let newer = Task { try await Cluster.start("newer", programs: newerPrograms) }

    private static let script = """
        set -eu
        dir=$(mktemp -d); server=; trap 'kill -QUIT "$server" 2>/dev/null; wait; rm -rf "$dir" "$3"' EXIT
        bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1); [ -z "$3" ] || bin=$3/bin
        cd "$dir"; printf %s "$2" > pw
        "$bin/initdb" -D data -A scram-sha-256 -U postgres --pwfile=pw -N --locale=C.UTF-8 -E UTF8 > log 2>&1
        start() {
            "$bin/postgres" -D data -p "$1" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c wal_level=logical -c max_wal_senders=40 \\
            -c max_replication_slots=40 -c max_worker_processes=40 -c max_logical_replication_workers=30 -c wal_retrieve_retry_interval=200ms \\
            -c max_prepared_transactions=5 -c fsync=off -c shared_buffers=32MB >> log 2>&1 &
            server=$!
            while ! "$bin/pg_isready" -q -h 127.0.0.1 -p "$1"; do kill -0 "$server" 2>/dev/null || return 1; sleep 0.02; done
            echo ready
        }
        start "$@"
        while read -r word size; do
            # What is over the limit is written in part, as to a full disk, by sessions to come.
            if [ "$word" = limit ]; then prlimit --pid "$server" --fsize="$size:"; continue; fi
            kill -STOP "$server"; kill -KILL $(pgrep -P "$server") "$server" || true; wait "$server" 2>/dev/null || true
            # One of its processes may need another moment to die, and a server does not start beside it.
            until start "$@"; do sleep 0.02; done
        done
        """

    private static let pipes = Mutex<[Pipe]>([])

    /// Root's files are not for the user its servers run as: a copy, which the shell removes.
    private static func copied(_ programs: String) throws -> String {
        let home = NSTemporaryDirectory() + "dbmigration-postgres-\(UUID().uuidString)"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        let script = #"set -e; cp -a "$(dirname "$1")" "$2"; chmod -R go+rX "$2"; [ "$(id -u)" != 0 ] || chown -R postgres "$2""#
        process.arguments = ["-c", script, "copy", programs, home]
        try process.run()
        process.waitUntilExit()
        return home
    }

    private static func start(_ name: String, programs: String? = nil) async throws -> Cluster {
        let home = try programs.map { try copied($0) } ?? ""
        let port = freePort()
        let process = Process()
        let shell = ["/bin/bash", "-c", script, name, String(port), password, home]
        process.executableURL = URL(fileURLWithPath: geteuid() == 0 ? "/usr/sbin/runuser" : "/bin/bash")
        process.arguments = geteuid() == 0 ? ["-u", "postgres", "--"] + shell : Array(shell.dropFirst())
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        pipes.withLock { $0 += [input, output] }
        for try await line in output.fileHandleForReading.bytesLines where line == "ready" { break }
        let cluster = Cluster(port: port, shell: input.fileHandleForWriting)
        try await cluster.superuser("postgres") { session in
            try await session.execute(
                """
                CREATE ROLE "Admin" LOGIN CREATEDB CREATEROLE REPLICATION PASSWORD \(SQL.literal(password));
                GRANT pg_signal_backend, pg_read_all_stats TO "Admin"; GRANT CREATE ON DATABASE postgres TO "Admin"
                """)
        }
        return cluster
    }

    private static func freePort() -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = bind(socket, address, length)
                _ = getsockname(socket, address, &length)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// Servers of a test's own, which it may crash.
    static func own(_ name: String) async throws -> Cluster { try await start(name) }

    /// Kills every process of the server at once with SIGKILL, starts it again, and waits until it has recovered.
    func crash() async throws {
        let started = "SELECT pg_postmaster_start_time()"
        let before = try await superuser("postgres") { try await $0.rows(started).first?[0] }
        try shell.write(contentsOf: Data("crash\n".utf8))
        _ = try await eventually { (try? await superuser("postgres") { try await $0.rows(started).first?[0] }) ?? before != before }
    }

    /// From now on sessions to come find the disk full wherever a file would become larger; `nil` ends that.
    func fillDisk(over bytes: Int?) async throws {
        try shell.write(contentsOf: Data("limit \(bytes.map(String.init) ?? "unlimited")\n".utf8))
        let limit = "SELECT split_part(regexp_substr(pg_read_file('/proc/' || pg_backend_pid() || '/limits'), 'Max file size +[^ ]+'), ' ', -1)"
        _ = try await eventually { try await superuser("postgres") { try await $0.rows(limit).first?[0] } == bytes.map(String.init) ?? "unlimited" }
    }

    func access(_ user: String = "Admin", password: String = Cluster.password) -> ServerAccess {
        let server = Plan.Server(host: "127.0.0.1", port: port, sslMode: "disable", credentials: .init(name: "credentials"))
        return ServerAccess(server: server, user: user, password: Redacted(password), certificateAuthorityFile: nil)
    }

    /// A session as a client would open it.
    func client(_ database: String, user: String = "postgres", password: String = Cluster.password) async throws -> PostgresConnection {
        try await PostgresConnection.open(access(user, password: password), ConnectionOptions(database: database, applicationName: "client"))
    }

    @discardableResult func superuser<Answer: Sendable>(_ database: String, _ body: (PostgresConnection) async throws -> Answer) async throws
        -> Answer
    {
        let session = try await client(database)
        defer { Task { await session.close() } }
        return try await body(session)
    }
}

extension FileHandle {
    /// Lines as they arrive.
    fileprivate var bytesLines: AsyncStream<String> {
        AsyncStream { continuation in
            let buffer = Mutex(Data())
            readabilityHandler = { handle in
                let data = handle.availableData
                if data.isEmpty { return continuation.finish() }
                buffer.withLock { buffer in
                    buffer.append(data)
                    while let newline = buffer.firstIndex(of: 10) {
                        continuation.yield(String(decoding: buffer[..<newline], as: UTF8.self))
                        buffer = Data(buffer[(newline + 1)...])
                    }
                }
            }
        }
    }
}
