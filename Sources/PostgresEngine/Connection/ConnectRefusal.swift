/// libpq's words on a failed connection, in its verbose form, taken apart: libpq 15 offers the SQLSTATE nowhere else.
struct ConnectRefusal {
    let message: String
    let sqlState: String?

    init(libpqMessage text: String) {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") && !$0.hasPrefix("HINT:") }
        let joined = lines.joined(separator: "; ")
        guard let fatal = joined.range(ofText: "FATAL:  "), let state = Self.state(in: joined[fatal.upperBound...]) else {
            message = joined.isEmpty ? "connection lost" : joined
            sqlState = nil
            return
        }
        sqlState = String(state)
        let rest = joined[fatal.upperBound...].dropFirst(7)
        message = joined[..<fatal.lowerBound] + "FATAL: " + rest
    }

    /// A password is asked for and none was given: no server error, so no SQLSTATE.
    var isAboutPassword: Bool { message.range(ofText: "no password supplied") != nil }

    private static func state(in text: Substring) -> Substring? {
        let state = text.prefix(5)
        guard state.count == 5, text.dropFirst(5).hasPrefix(": "), state.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) }) else {
            return nil
        }
        return state
    }
}

extension String {
    /// The first place of a short text.
    func range(ofText needle: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
            start = index(after: start)
        }
        return nil
    }
}
