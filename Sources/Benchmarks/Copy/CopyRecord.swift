import FoundationEssentials
import Glibc
import MigrationCore
import PostgresEngine
import Torture

extension CopyResults {
    /// Appends what was found to a Markdown file, with all one needs to do it again.
    ///
    /// - Parameters:
    ///   - file: the folder has to be there, the file need not.
    ///   - command: what was asked for, without secrets.
    /// - Throws: an error of the file system or of the servers.
    public func record(in file: String, command: String) async throws {
        let known = (try? Data(contentsOf: URL(filePath: file))).map { String(decoding: $0, as: UTF8.self) } ?? "# Benchmarks\n"
        let section = try await CopyRecord(command: command, date: Date.now, machine: Machine.text(), servers: Self.servers(), lines: lines).text
        try Data((known + "\n" + section).utf8).write(to: URL(filePath: file))
    }

    private static func servers() async throws -> String {
        let row = try await Cluster().rows(
            .target, "postgres",
            """
            SELECT 'PostgreSQL ' || split_part(version(), ' ', 2) || ' (shared_buffers ' || current_setting('shared_buffers') || ', max_wal_size '
                || current_setting('max_wal_size') || ', wal_level ' || current_setting('wal_level') || ', fsync ' || current_setting('fsync') || ')'
            """
        ).first
        return row?[0] ?? ""
    }
}

/// One section of the file.
struct CopyRecord: Sendable {
    var command: String
    var date: Date
    var machine: String
    var servers: String
    var lines: [String]

    /// A table needs a blank line before and after it.
    var text: String {
        let day = date.formatted(.iso8601.year().month().day())
        var body = ""
        var wasRow: Bool?
        for line in lines {
            let isRow = line.hasPrefix("|")
            if isRow || wasRow != nil { body += isRow == wasRow ? "\n" : "\n\n" }
            body += line
            wasRow = isRow
        }
        return "## \(day): `\(command)`\n\nOn \(machine), which also ran both servers: \(servers).\n\n\(body)\n"
    }
}

/// The machine everything ran on, as far as figures depend on it.
enum Machine {
    static func text() -> String {
        let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let gibibytes = Double(sysconf(Int32(_SC_PHYS_PAGES))) * Double(sysconf(Int32(_SC_PAGESIZE))) / 1_073_741_824
        return "\(cores) cores (\(model())), \(Int(gibibytes.rounded())) GiB of memory"
    }

    private static func model() -> String {
        let data = (try? Data(contentsOf: URL(filePath: "/proc/cpuinfo"))) ?? Data()
        let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").dropFirst().first.map { String($0.drop(while: \.isWhitespace)) } ?? "unknown"
    }
}
