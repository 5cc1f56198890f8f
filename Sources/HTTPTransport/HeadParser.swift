/// Collects header lines into heads; interim (1xx) answers and trailers are dropped.
struct HeadParser {
    private var head: HTTPHead?
    private var isDone = false
    let followsRedirects: Bool

    init(followsRedirects: Bool) { self.followsRedirects = followsRedirects }

    /// - Parameter line: one line as libcurl hands it over, line end included.
    /// - Returns: the head, once, at the empty line that ends it.
    mutating func parse(_ line: String) -> HTTPHead? {
        if isDone { return nil }
        var text = Substring(line)
        while let last = text.last, last.isNewline { text.removeLast() }
        if text.hasPrefix("HTTP/") {
            let status = text.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) }
            head = HTTPHead(status: status ?? 0, headers: [:])
        } else if text.isEmpty {
            return finish()
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head?.headers.append(String(text[..<colon]), String(value))
        }
        return nil
    }

    private mutating func finish() -> HTTPHead? {
        guard let head, head.status >= 200 else { return nil }
        if followsRedirects, (300..<400).contains(head.status), head.headers["Location"] != nil { return nil }
        isDone = true
        return head
    }
}
