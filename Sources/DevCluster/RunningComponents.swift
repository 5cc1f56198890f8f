/// The components that have been launched; the first one that ends is an error for all.
final class RunningComponents: Sendable {
    private let ends: AsyncStream<any Error>
    private let announce: AsyncStream<any Error>.Continuation

    init() { (ends, announce) = AsyncStream.makeStream() }

    /// Starts a component. It runs until this process ends, which is what ends the sandbox.
    func launch(_ component: Component) {
        Task { [announce] in
            do { try await component.run() } catch { announce.yield(error) }
        }
    }

    /// Waits for the first component to end and throws why.
    func waitForEnd() async throws {
        for await error in ends { throw error }
        throw CancellationError()
    }
}
