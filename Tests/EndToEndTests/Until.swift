/// Waits until a condition holds that nobody announces and that can only be asked for.
func until(_ what: String, seconds: Int = 60, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw LabError("waited \(seconds) s for \(what)")
}
