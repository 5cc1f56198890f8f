import FoundationEssentials

/// The most memory a process had at once, as the kernel keeps it for each.
enum PeakMemory {
    private static let period = Duration.milliseconds(20)

    /// Looks until the process has ended.
    ///
    /// - Returns: in MiB; `nil` when it ended before the first look.
    static func watch(_ process: Int32) async throws -> Double? {
        var peak: Double?
        while let now = mebibytes(of: process) {
            peak = now
            try await Task.sleep(for: period)
        }
        return peak
    }

    /// A process that ended, waited for or not, has none.
    private static func mebibytes(of process: Int32) -> Double? {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(process)/status")) else { return nil }
        return mebibytes(in: String(decoding: data, as: UTF8.self))
    }

    /// - Parameter status: `/proc/PID/status`.
    static func mebibytes(in status: String) -> Double? {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }.map { $0 / 1024 }
    }
}
