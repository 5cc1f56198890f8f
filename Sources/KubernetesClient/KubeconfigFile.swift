import FoundationEssentials
import StructuredData
import YAML

/// One file, and the folder its relative paths start from.
struct KubeconfigFile {
    let path: String
    private let content: JSONValue

    /// - Returns: `nil` when there is no such file.
    init?(path: String) throws(ConfigurationError) {
        let data: Data
        do throws(SmallFile.Problem) {
            data = try SmallFile.read(path)
        } catch {
            if error.isMissing { return nil }
            throw ConfigurationError("kubeconfig \(path) \(error.text)")
        }
        try self.init(path: path, text: String(decoding: data, as: UTF8.self))
    }

    init(path: String, text: String) throws(ConfigurationError) {
        self.path = path
        do throws(YAMLError) {
            content = try YAML.decode(text).first ?? [:]
        } catch {
            throw ConfigurationError("kubeconfig \(path): \(error)")
        }
        guard content.object != nil else { throw ConfigurationError("kubeconfig \(path): the file is \(content.kindName), not a mapping") }
    }

    /// The members of the file itself.
    var root: KubeconfigEntry { KubeconfigEntry(content: content, path: path, label: nil) }

    /// The entry of that name in the list `list`, without its name.
    func entry(_ list: String, _ member: String, named name: String) throws(ConfigurationError) -> KubeconfigEntry? {
        guard let found = try elements(list).first(where: { $0["name"]?.string == name }) else { return nil }
        let content = found[member] ?? [:]
        guard content == .null || content.object != nil else {
            throw ConfigurationError("kubeconfig \(path): \(member) of '\(name)' in \(list) is \(content.kindName), not a mapping")
        }
        return KubeconfigEntry(content: content, path: path, label: "\(member) '\(name)'")
    }

    func names(_ list: String) throws(ConfigurationError) -> [String] { try elements(list).compactMap { $0["name"]?.string } }

    private func elements(_ list: String) throws(ConfigurationError) -> [JSONValue] {
        switch content[list] {
        case nil, .null: return []
        case .array(let elements): return elements
        case let other?: throw ConfigurationError("kubeconfig \(path): \(list) is \(other.kindName), not a list")
        }
    }
}

/// A cluster, user or context.
struct KubeconfigEntry {
    let content: JSONValue
    /// Of the file the entry is in.
    let path: String
    /// For messages: `user 'admin'`; `nil` for the file itself.
    let label: String?

    /// Bytes, and the field they come from: `client-key-data`, or `client-key (/path)`.
    struct Bytes {
        var bytes: Data
        var field: String
    }

    /// Values never appear in it: they may be secret.
    func problem(_ field: String, _ text: String) -> ConfigurationError {
        ConfigurationError("kubeconfig \(path): \(field)\(label.map { " of \($0)" } ?? "") \(text)")
    }

    func has(_ key: String) -> Bool { content[key].map { $0 != .null } ?? false }

    /// A text; an empty one counts as none.
    func text(_ key: String) throws(ConfigurationError) -> String? {
        switch content[key] {
        case nil, .null: return nil
        case .string(let text): return text.isEmpty ? nil : text
        case let other?: throw problem(key, "is \(other.kindName), not a text: put it into quotes")
        }
    }

    func list(_ key: String) throws(ConfigurationError) -> [JSONValue] {
        switch content[key] {
        case nil, .null: return []
        case .array(let elements): return elements
        case let other?: throw problem(key, "is \(other.kindName), not a list")
        }
    }

    func flag(_ key: String) throws(ConfigurationError) -> Bool? {
        switch content[key] {
        case nil, .null: return nil
        case .bool(let flag): return flag
        case let other?: throw problem(key, "is \(other.kindName), not true or false")
        }
    }

    /// A path in the file, relative to the file's folder.
    func resolved(_ path: String) -> String {
        guard !path.hasPrefix("/"), let slash = self.path.lastIndex(of: "/") else { return path }
        return self.path[...slash] + path
    }

    /// The bytes of `<key>-data`, or else of the file named by `<key>`.
    func data(_ key: String) throws(ConfigurationError) -> Bytes? {
        if let inline = try text(key + "-data") {
            // Line breaks inside are usual where people paste.
            guard let data = Data(base64Encoded: String(inline.filter { !$0.isWhitespace })) else { throw problem(key + "-data", "is not base64") }
            return Bytes(bytes: data, field: key + "-data")
        }
        guard let file = try text(key).map(resolved) else { return nil }
        do throws(SmallFile.Problem) {
            return Bytes(bytes: try SmallFile.read(file), field: "\(key) (\(file))")
        } catch {
            throw problem(key, "names \(file), which \(error.text)")
        }
    }
}

extension JSONValue {
    /// What a value is, for messages that must not show it.
    var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer, .number: "a number"
        case .string: "a text"
        case .array: "a list"
        case .object: "a mapping"
        }
    }
}
