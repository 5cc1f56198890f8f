import Glibc

/// Shows frames: in place on a terminal, otherwise a line per change.
struct Board {
    private let isTerminal = isatty(STDOUT_FILENO) == 1
    private let start = ContinuousClock.now
    private var drawn = 0
    private var last: Frame?

    var elapsed: Duration { .now - start }

    /// A line that stays.
    mutating func say(_ text: String) {
        drawn = 0
        print("\(Text.seconds(elapsed))  \(text)")
        flush()
    }

    mutating func show(_ frame: Frame) {
        guard isTerminal else {
            guard frame.isNews(after: last) else { return }
            last = frame
            print(frame.summary())
            return flush()
        }
        let lines = frame.lines()
        // Up to where the last table began; every line erased first, and cut at the terminal's edge instead of wrapped.
        let up = drawn > 0 ? "\u{1B}[\(drawn)A" : ""
        print(up + "\u{1B}[?7l" + lines.map { "\u{1B}[2K\($0)\n" }.joined() + "\u{1B}[?7h", terminator: "")
        drawn = lines.count
        flush()
    }

    /// Standard output is buffered when it is a pipe.
    private func flush() { fflush(nil) }
}
