import FoundationEssentials
import Subprocess

/// A program of the cluster that has to stay up, with its log.
struct Component: Sendable {
    var name: String
    var command: [String]
    var environment: [String: String] = Command.environment()
    var log: String

    /// Runs until the program ends, which is an error, or until the task is cancelled, which kills it.
    ///
    /// - Parameter started: gets the program's process number.
    /// - Throws: `DevClusterError.componentEnded`, `CancellationError`.
    func run(started: @Sendable (Int32) -> Void) async throws {
        // The shell is replaced by the program; it is there for the redirection.
        let script = #"log=$1; shift; exec "$@" </dev/null >>"$log" 2>&1"#
        let result = try await Subprocess.run(
            .name("sh"), arguments: Arguments(["-c", script, "sh", log] + command), environment: .init(environment), input: .none,
            output: .discarded, error: .discarded
        ) { started($0.processIdentifier.value) }
        try Task.checkCancellation()
        throw DevClusterError.componentEnded(name: name, status: result.terminationStatus.summary, log: Files.tail(log))
    }

    /// Waits until `probe` succeeds.
    ///
    /// - Throws: `DevClusterError.notReady` with the end of the component's log and the last failure.
    func waitUntilReady(within limit: Duration, _ probe: () async throws -> Bool) async throws {
        try await poll(name, within: limit, log: { Files.tail(log) }, probe)
    }
}

/// Asks again every 50 ms until the answer is yes; a thrown error counts as no.
func poll(_ what: String, within limit: Duration, log: () -> String, _ probe: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    var failure = ""
    while true {
        do {
            if try await probe() { return }
        } catch let error as CancellationError {
            throw error
        } catch {
            failure = "\nlast answer: \(error)"
        }
        guard ContinuousClock.now < deadline else { throw DevClusterError.notReady(what: what, after: limit, log: log() + failure) }
        try await Task.sleep(for: .milliseconds(50))
    }
}
