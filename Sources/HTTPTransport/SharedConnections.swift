/// Which servers are spoken to over a shared connection, as a value.
///
/// After a sign that such a connection has died, its server gets connections of one request each until libcurl has dropped the dead one, which it
/// does when nobody has used it for 118 s.
struct SharedConnections {
    static let pause: Duration = .seconds(130)

    private var pausedUntil: [String: ContinuousClock.Instant] = [:]

    func allows(_ url: String, now: ContinuousClock.Instant) -> Bool { pausedUntil[Self.origin(url)].map { $0 <= now } ?? true }

    mutating func blame(_ url: String, now: ContinuousClock.Instant) {
        pausedUntil = pausedUntil.filter { $0.value > now }
        pausedUntil[Self.origin(url)] = now + Self.pause
    }

    /// Scheme, host and port.
    static func origin(_ url: String) -> String {
        url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
    }
}
