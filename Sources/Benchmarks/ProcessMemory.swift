import FoundationEssentials

/// Memory of a process as the kernel counts it, in MiB.
enum ProcessMemory: String {
    /// The most it had at once.
    case peak = "VmHWM:"
    /// What it has now.
    case resident = "VmRSS:"

    private static let period = Duration.milliseconds(20)

    /// The peak of a process, once it has ended; `nil` when it ended before the first look.
    static func watchPeak(_ process: Int32) async throws -> Double? {
        var peak: Double?
        while let now = Self.peak.mebibytes(of: process) {
            peak = now
            try await Task.sleep(for: period)
        }
        return peak
    }

    /// A process that ended, waited for or not, has none.
    func mebibytes(of process: Int32) -> Double? {
        guard let data = try? Data(contentsOf: URL(filePath: "/proc/\(process)/status")) else { return nil }
        return mebibytes(in: String(decoding: data, as: UTF8.self))
    }

    /// - Parameter status: `/proc/PID/status`.
    func mebibytes(in status: String) -> Double? {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(rawValue) }) else { return nil }
        return line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Double($0) }.map { $0 / 1024 }
    }
}
