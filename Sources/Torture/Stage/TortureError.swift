/// Why torture could not be done, or a run not come to its end.
public enum TortureError: Error, CustomStringConvertible {
    case noDevCluster
    case noRestarts
    case program(String, output: String)
    case waited(seconds: Int, what: String, state: String)
    case gone(String)

    public var description: String {
        switch self {
        case .noDevCluster: "this runs inside a dev cluster only: use hack/torture"
        case .noRestarts:
            "this breaks the cluster's servers: start it with dbmigration dev run --restart-components, as hack/torture does"
        case .program(let name, let output): "\(name) failed: \(output)"
        case .waited(let seconds, let what, let state): "waited \(seconds) s for \(what); \(state)"
        case .gone(let what): "\(what) is gone"
        }
    }
}

/// Asks again until the answer is yes; whatever is thrown counts as no. The machine may be slow: limits are for what hangs.
package func insist(
    _ what: String, seconds: Int, state: () async -> String = { "" },
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    var last = ""
    while true {
        do {
            if try await condition() { return }
        } catch {
            try Task.checkCancellation()
            last = "; last answer: \(error)"
        }
        guard ContinuousClock.now < deadline else {
            throw TortureError.waited(seconds: seconds, what: what, state: await state() + last)
        }
        try await Task.sleep(for: .milliseconds(100))
    }
}
