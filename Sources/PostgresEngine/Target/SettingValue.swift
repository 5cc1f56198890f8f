/// One `name=value` of a role's or database's stored settings, as an `ALTER … SET` clause.
struct StoredSetting: Sendable, Hashable {
    var name: String
    var value: String

    init?(_ text: String) {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        name = String(text[..<equals])
        value = String(text[text.index(after: equals)...])
    }

    /// Variables whose stored value is a list of quoted identifiers (`GUC_LIST_QUOTE` in the server's sources): quoted as one literal, the
    /// list would become a single name.
    private static let lists: Set<String> = [
        "search_path", "session_preload_libraries", "local_preload_libraries", "shared_preload_libraries", "temp_tablespaces",
        "unix_socket_directories",
    ]

    var clause: String {
        let quotedName = name.split(separator: ".", omittingEmptySubsequences: false).map { SQL.identifier(String($0)) }.joined(separator: ".")
        guard Self.lists.contains(name.lowercased()) else { return "SET \(quotedName) TO \(SQL.literal(value))" }
        let elements = Self.elements(of: value)
        return "SET \(quotedName) TO " + (elements.isEmpty ? "''" : elements.map { SQL.literal($0) }.joined(separator: ", "))
    }

    /// Splits at commas outside of double quotes; `""` inside of them is one quote.
    static func elements(of list: String) -> [String] {
        var elements: [String] = []
        var element = ""
        var isQuoted = false
        var sawElement = false
        var previousWasQuote = false
        for character in list {
            if character == "\"" {
                if !isQuoted, previousWasQuote { element.append("\"") }
                isQuoted.toggle()
                sawElement = true
                previousWasQuote = !isQuoted
                continue
            }
            previousWasQuote = false
            if isQuoted {
                element.append(character)
            } else if character == "," {
                elements.append(element)
                element = ""
                sawElement = false
            } else if character != " " {
                element.append(character)
                sawElement = true
            }
        }
        return sawElement || !elements.isEmpty ? elements + [element] : elements
    }
}
