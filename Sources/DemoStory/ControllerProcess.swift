import FoundationEssentials

/// The controller's process, which runs in the same process namespace.
enum ControllerProcess {
    /// `nil` when none runs.
    static func find(proc: String = "/proc") -> Int32? {
        let processes = ((try? FileManager.default.contentsOfDirectory(atPath: proc)) ?? []).compactMap { Int32($0) }
        return processes.first { isController(text("\(proc)/\($0)/cmdline")) }
    }

    /// Its memory, resident now and at most, in KiB; `nil` when no controller runs.
    static func memory(proc: String = "/proc") -> (resident: Int, peak: Int)? {
        guard let controller = find(proc: proc) else { return nil }
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
