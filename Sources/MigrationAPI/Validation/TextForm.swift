/// The forms of text a spec holds. Each matches the pattern and lengths of the schema.
enum TextForm {
    /// Name of a Secret.
    case objectName
    /// Name of a Service or of a check: one DNS label.
    case label
    /// Key in a Secret or ConfigMap.
    case secretKey
    /// The same, with `*` for any characters.
    case keyPattern
    /// Database name, in PostgreSQL's 63 bytes.
    case databaseName
    /// One host name or address.
    case host

    /// What is wrong with a value, and what to do; `nil` when nothing is.
    func complaint(about value: String) -> String? {
        if value.isEmpty { return "is empty" }
        return switch self {
        case .objectName: name(value, limit: 253, inner: "-.")
        case .label: name(value, limit: 63, inner: "-")
        case .secretKey: secretKey(value)
        case .keyPattern: secretKey(String(value.filter { $0 != "*" }) + (value.contains("*") ? "x" : ""))
        case .databaseName: databaseName(value)
        case .host: host(value)
        }
    }

    private func name(_ value: String, limit: Int, inner: String) -> String? {
        let isLower: (Character) -> Bool = { ("a"..."z").contains($0) || ("0"..."9").contains($0) }
        let isFit =
            value.utf8.count <= limit && value.allSatisfy { isLower($0) || inner.contains($0) } && value.first.map(isLower) == true
            && value.last.map(isLower) == true
        return isFit ? nil : "'\(value.bounded(64))' is no object name; use lower-case letters, digits and '\(inner)', at most \(limit)"
    }

    private func secretKey(_ value: String) -> String? {
        let isFit = value.utf8.count <= 253 && value.allSatisfy { $0.isASCIIAlphanumeric || "-._".contains($0) }
        return isFit ? nil : "'\(value.bounded(64))' is no key of a Secret; use letters, digits, '-', '.' and '_', at most 253"
    }

    private func databaseName(_ value: String) -> String? {
        if value.utf8.count > 63 { return "'\(value.bounded(64))' has \(value.utf8.count) bytes; PostgreSQL allows 63" }
        if value.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) { return "contains a control character" }
        return nil
    }

    private func host(_ value: String) -> String? {
        if value.hasPrefix("/") { return "is a socket folder; give a host name or address the pods of the cluster can reach" }
        if value.contains(",") { return "names several hosts; give the one that takes writes" }
        let isFit =
            value.utf8.count <= 253 && value.allSatisfy { $0.isASCIIAlphanumeric || "._:-".contains($0) }
            && value.first?.isASCIIAlphanumeric == true && value.last?.isASCIIAlphanumeric == true
        return isFit ? nil : "'\(value.bounded(64))' is no host name or address; give it without scheme, brackets, port or path"
    }
}

extension Character {
    var isASCIIAlphanumeric: Bool { isASCII && (isLetter || isNumber) }
}

extension String {
    /// At most so many UTF-8 bytes, cut at a character and ending in `…` when cut. Bytes, because a schema's `maxLength` never counts more.
    func bounded(_ limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var text = ""
        var size = 3
        for character in self {
            size += character.utf8.count
            if size > limit { break }
            text.append(character)
        }
        return text + "…"
    }
}
