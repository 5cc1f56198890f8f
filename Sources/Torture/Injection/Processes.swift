import FoundationEssentials
import Glibc

/// The processes of the dev cluster. Its process namespace is its own: `DevComponents` has made sure that this is it, so nobody else's are seen here.
enum Processes {
    struct Entry: Sendable, Hashable {
        var process: Int32
        var parent: Int32
        var words: [String]
    }

    static func all() -> [Entry] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
            .compactMap(entry)
    }

    private static func entry(_ process: Int32) -> Entry? {
        guard let stat = text("/proc/\(process)/stat"), let end = stat.lastIndex(of: ")"),
            let command = text("/proc/\(process)/cmdline")
        else { return nil }
        // After the name in parentheses: the state, then the parent.
        let fields = stat[stat.index(after: end)...].split(separator: " ")
        guard fields.count > 1, fields[0] != "Z", let parent = Int32(fields[1]) else { return nil }
        return Entry(
            process: process, parent: parent, words: command.split(separator: "\0").map(String.init))
    }

    /// `dbmigration controller …` or `dbmigration worker …`.
    static func ours(_ subcommand: String) -> [Int32] {
        all().filter {
            $0.words.count > 1 && $0.words[1] == subcommand && $0.words[0].hasSuffix("/dbmigration")
        }.map(\.process)
    }

    /// A process and its children: a database server has no grandchildren.
    static func family(of process: Int32) -> [Int32] {
        [process] + all().filter { $0.parent == process }.map(\.process)
    }

    static func send(_ signal: Int32, to processes: [Int32]) {
        // 0 and below mean whole groups, 1 is the sandbox itself.
        for process in processes where process > 1 { kill(process, signal) }
    }

    private static func text(_ path: String) -> String? {
        guard let file = unsafe fopen(path, "r") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe fread($0.baseAddress, 1, $0.count, file)
            }
            guard count > 0 else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
