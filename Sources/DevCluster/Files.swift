import FoundationEssentials

/// Small reads and writes of text files.
enum Files {
    /// The text of a file; `nil` when it cannot be read.
    static func text(_ path: String) -> String? {
        (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Writes a file that only its owner may read, unless another mode is given.
    static func write(_ text: String, to path: String, mode: Int = 0o600) throws {
        try write(Data(text.utf8), to: path, mode: mode)
    }

    static func write(_ data: Data, to path: String, mode: Int = 0o600) throws {
        // Made empty first: the content must never be readable under a wider mode.
        let temporary = path + ".new"
        guard FileManager.default.createFile(atPath: temporary, contents: nil, attributes: [.posixPermissions: mode]) else {
            throw CocoaError(.fileWriteUnknown, userInfo: ["path": path])
        }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: temporary)
        try data.write(to: URL(filePath: temporary))
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        try FileManager.default.moveItem(atPath: temporary, toPath: path)
    }

    /// The last lines of a file, for error messages.
    static func tail(_ path: String, lines: Int = 15) -> String {
        guard let text = text(path) else { return "(\(path) cannot be read)" }
        let tail = text.split(separator: "\n").suffix(lines).joined(separator: "\n")
        return tail.isEmpty ? "(\(path) is empty)" : tail
    }
}
