import FoundationEssentials

/// The memory of the controller's process, which runs in the same process namespace.
enum ControllerMemory {
    /// Resident now and at most, in KiB; `nil` when no controller runs.
    static func read(proc: String = "/proc") -> (resident: Int, peak: Int)? {
        let processes = ((try? FileManager.default.contentsOfDirectory(atPath: proc)) ?? []).filter { Int($0) != nil }
        guard let controller = processes.first(where: { isController(text("\(proc)/\($0)/cmdline")) }) else { return nil }
        let status = text("\(proc)/\(controller)/status")
        guard let resident = kibibytes("VmRSS", in: status), let peak = kibibytes("VmHWM", in: status) else { return nil }
        return (resident, peak)
    }

    static func isController(_ commandLine: String) -> Bool {
        let words = commandLine.split(separator: "\0")
        return words.count > 1 && words[0].hasSuffix("/dbmigration") && words[1] == "controller"
    }

    static func kibibytes(_ field: String, in status: String) -> Int? {
        status.split(separator: "\n").first { $0.hasPrefix(field + ":") }?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }

    private static func text(_ path: String) -> String {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
