import FoundationEssentials

/// The components that have been launched. The first one that ends is an error for all, or is started again, as the options say.
final class RunningComponents: Sendable {
    private let folder: StateFolder
    private let ends: AsyncStream<any Error>
    private let announce: AsyncStream<any Error>.Continuation

    init(folder: StateFolder) {
        self.folder = folder
        (ends, announce) = AsyncStream.makeStream()
    }

    /// Starts a component. It runs until this process ends, which is what ends the sandbox.
    ///
    /// - Parameter restarts: a component that ended is started again, as an init system would.
    func launch(_ component: Component, restarts: Bool) {
        Task { [announce, folder] in
            while true {
                do {
                    try await component.run { process in try? Files.write("\(process)\n", to: folder.processFile(of: component.name)) }
                } catch {
                    guard restarts else {
                        announce.yield(error)
                        return
                    }
                }
                try? FileManager.default.removeItem(atPath: folder.processFile(of: component.name))
                repeat {
                    try? await Task.sleep(for: .milliseconds(200))
                } while FileManager.default.fileExists(atPath: folder.holdFile(of: component.name))
            }
        }
    }

    /// Waits for the first component to end and throws why.
    func waitForEnd() async throws {
        for await error in ends { throw error }
        throw CancellationError()
    }
}
