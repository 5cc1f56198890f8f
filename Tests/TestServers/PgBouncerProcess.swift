import Foundation

/// A real PgBouncer on 127.0.0.1. A shell stands guard over it: when this process ends, however it ends, the shell's standard input closes, and it stops the
/// pooler and removes its folder.
public final class PgBouncerProcess: Sendable {
    public struct Failure: Error, CustomStringConvertible { public var description: String }

    public static let program = "/usr/sbin/pgbouncer"
    public static var isPresent: Bool { FileManager.default.isExecutableFile(atPath: program) }
    /// Logs in to the console; `plain` may log in, but is no administrator.
    public static let administrator = "pgb admin"
    public static let password = "c'onsole pässword"

    public let port: Int
    private let file: URL
    private let input: FileHandle

    // SIGKILL: a child of Foundation's `Process` is born with the signal mask of the thread that made it, where SIGTERM may be blocked for good.
    private static let script = """
        set -eu
        dir=$(mktemp -d); trap '{ kill -KILL "$pooler"; wait; } 2>/dev/null; rm -rf "$dir"' EXIT
        chmod 755 "$dir"; cd "$dir"
        printf '%s' "$2" > userlist.txt; printf '%s' "$1" > databases.ini
        printf '[pgbouncer]\\nlisten_addr = 127.0.0.1\\nlisten_port = %s\\nunix_socket_dir =\\nauth_type = scram-sha-256\\nauth_file = %s/userlist.txt\\n%s\\n%%include %s/databases.ini\\n' \\
            "$3" "$dir" "$4" "$dir" > pgbouncer.ini
        [ "$(id -u)" != 0 ] || chown -R postgres .
        user=; [ "$(id -u)" != 0 ] || user="-u postgres"
        /usr/sbin/pgbouncer $user pgbouncer.ini > log 2>&1 & pooler=$!
        until grep -qs 'process up' log; do kill -0 $pooler || { cat log; exit 1; }; sleep 0.02; done
        echo "ready $dir"
        cat > /dev/null
        """

    private init(port: Int, file: URL, input: FileHandle) { (self.port, self.file, self.input) = (port, file, input) }

    /// Returns when it listens.
    /// - Parameters:
    ///   - databases: the file with the section `[databases]`, which the configuration includes.
    ///   - users: further users and their passwords, also those it logs in to servers with.
    ///   - settings: lines of the section `[pgbouncer]`.
    public static func start(databases: String, users: [String: String] = [:], settings: String = "pool_mode = transaction") async throws
        -> PgBouncerProcess
    {
        let all = users.merging([administrator: password, "plain": password]) { $1 }
        let quoted = { (text: String) in "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }
        let list = all.map { "\(quoted($0)) \(quoted($1))\n" }.joined()
        let port = LocalServer.freePort()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", script, "pgbouncer", databases, list, "\(port)", "admin_users = \(administrator)\n\(settings)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var said = Data()
        while !said.contains(10) || !String(decoding: said, as: UTF8.self).hasPrefix("ready ") {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Failure(description: "PgBouncer did not start: \(String(decoding: said, as: UTF8.self))") }
            said += more
        }
        let folder = String(decoding: said, as: UTF8.self).dropFirst("ready ".count).prefix { $0 != "\n" }
        return PgBouncerProcess(port: port, file: URL(filePath: "\(folder)/databases.ini"), input: input.fileHandleForWriting)
    }

    /// The file changes; it is read at the next `RELOAD`.
    public func write(databases: String) throws { try Data(databases.utf8).write(to: file) }

    public func stop() { try? input.close() }
}
