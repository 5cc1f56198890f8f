import HTTPTransport
import KubernetesModel

/// How long a server asks to be left alone.
enum RetryAfter {
    /// In seconds: nobody may put us to sleep for longer, be it by mistake.
    private static let longest = 300

    /// Of the field `Retry-After`, a number of seconds or a date. A date is taken relative to the answer's own `Date`: the two clocks may differ.
    static func duration(_ headers: HTTPHeaders) -> Duration? {
        guard let text = headers["Retry-After"] else { return nil }
        if let seconds = Int(text) { return limited(seconds) }
        guard let until = time(text) else { return nil }
        let now = headers["Date"].flatMap(time) ?? .now
        return limited(Int(until.secondsSince1970 - now.secondsSince1970))
    }

    static func duration(_ status: Status?) -> Duration? { status?.details?.retryAfterSeconds.map(limited) }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that may be sent (RFC 9110, 5.6.7).
    private static func time(_ text: String) -> Time? {
        let words = text.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else { return nil }
        return Time("\(words[3])-\(month < 9 ? "0" : "")\(month + 1)-\(words[1])T\(words[4])Z")
    }

    private static func limited(_ seconds: Int) -> Duration { .seconds(min(max(seconds, 0), longest)) }
}
