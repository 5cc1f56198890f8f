/// The end of the time the whole story may take.
struct Deadline: Sendable {
    let end: ContinuousClock.Instant

    init(after limit: Duration) { end = .now + limit }

    /// Asks every 100 ms until `condition` holds.
    ///
    /// - Parameter state: what to tell when it never did.
    /// - Throws: ``DemoError/timeout(waitingFor:state:)``, `CancellationError`, and what `condition` throws.
    func wait(for what: String, state: () -> String = { "" }, _ condition: () async throws -> Bool) async throws {
        while try await !condition() {
            guard ContinuousClock.now < end else { throw DemoError.timeout(waitingFor: what, state: state()) }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
