import Foundation

/// The package's sources, found from this file's own place.
enum SourceTree {
    struct File {
        var module: String
        /// Relative to the repository's root.
        var path: String
        var lines: [String]
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file under `folder` (`Sources` or `Tests`).
    static func files(_ folder: String) throws -> [File] {
        let modules = try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)
        return try modules.sorted().flatMap { module in
            let base = root.appendingPathComponent(folder).appendingPathComponent(module).path
            let names = FileManager.default.enumerator(atPath: base)?.compactMap { $0 as? String } ?? []
            return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
                let text = try String(contentsOfFile: "\(base)/\(name)", encoding: .utf8)
                return File(
                    module: module, path: "\(folder)/\(module)/\(name)",
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
            }
        }
    }

    /// The module a line imports, whatever stands before (`public`, `@testable`, …) or after (`struct`, a submodule) the name.
    static func imported(_ line: String) -> String? {
        let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
        let words = code.split(whereSeparator: \.isWhitespace)
        let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
        guard let at = words.firstIndex(of: "import"), words[..<at].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) }) else { return nil }
        let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var"]
        return words[(at + 1)...].first { !kinds.contains($0) }.map { String($0.prefix { $0 != "." }) }
    }
}
