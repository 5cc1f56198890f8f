import FoundationEssentials
import Glibc

/// CPU time of a process, of user and kernel, in seconds.
struct ProcessTimes: Sendable, Hashable {
    var parent: Int32
    /// Its own.
    var own: Double
    /// Of children that ended and were waited for, and of theirs.
    var ended: Double

    private static let patience = 20
    private static let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))

    /// - Parameter stat: `/proc/PID/stat`; the program's name in it may contain anything, even parentheses.
    init?(stat: String, ticks: Double) {
        guard let end = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: end)...].split(whereSeparator: \.isWhitespace)
        guard fields.count > 14, let parent = Int32(fields[1]) else { return nil }
        let times = fields[11...14].compactMap { Double($0) }
        guard times.count == 4 else { return nil }
        self.parent = parent
        own = (times[0] + times[1]) / ticks
        ended = (times[2] + times[3]) / ticks
    }

    /// - Parameter process: a number, or `self`.
    static func read(_ process: String) -> ProcessTimes? {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(process)/stat")) else { return nil }
        return ProcessTimes(stat: String(decoding: data, as: UTF8.self), ticks: ticks)
    }

    /// Of what this process has run and waited for until now.
    static func children() -> Double { read("self")?.ended ?? 0 }

    /// Of a process with all its children, those that are gone too: a database server is its first process, whose children all others are.
    static func family(of process: Int32) -> Double {
        var first = read(String(process))
        var alive = 0.0
        // A child that is waited for in between would be counted twice, or not at all.
        for _ in 1...patience {
            let numbers = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int32($0) != nil }
            alive = numbers.compactMap { read($0) }.filter { $0.parent == process }.map { $0.own + $0.ended }.reduce(0, +)
            let after = read(String(process))
            if after?.ended == first?.ended { break }
            first = after
        }
        return (first.map { $0.own + $0.ended } ?? 0) + alive
    }
}
