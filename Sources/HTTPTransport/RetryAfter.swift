import FoundationEssentials

extension HTTPHeaders {
    /// How long the answer asks to be left alone: `Retry-After`, as a number of seconds or as a date, which is taken relative to the answer's own `Date`,
    /// since the two clocks may differ. Never negative; `nil` without the field, or when it says something else. Limit it: anybody may say anything.
    public var retryAfter: Duration? {
        guard let text = self["Retry-After"] else { return nil }
        if let seconds = Int(text) { return .seconds(max(seconds, 0)) }
        guard let until = Self.date(text) else { return nil }
        let now = self["Date"].flatMap(Self.date) ?? Date()
        return .seconds(max(until.timeIntervalSince(now).rounded(.up), 0))
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be sent (RFC 9110, 5.6.7).
    private static func date(_ text: String) -> Date? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else { return nil }
        return try? Date("\(words[3])-\(month < 9 ? "0" : "")\(month + 1)-\(words[1])T\(words[4])Z", strategy: .iso8601)
    }
}
