import Synchronization

/// What one check says.
public enum HealthStatus: Sendable, Equatable {
    case passing
    case failing(String)
}

/// The result of all checks of one endpoint at one moment.
public struct HealthReport: Sendable, Equatable {
    public let endpoint: String
    public let checks: [(name: String, status: HealthStatus)]

    public var isPassing: Bool { checks.allSatisfy { $0.status == .passing } }

    /// The body in the form of the API server's own endpoints: `ok`, or every check on a line.
    public func text(verbose: Bool) -> String {
        if isPassing, !verbose { return "ok\n" }
        var text = ""
        for check in checks {
            switch check.status {
            case .passing: text += "[+]\(check.name) ok\n"
            case .failing(let reason): text += "[-]\(check.name) failed: \(reason)\n"
            }
        }
        return text + "\(endpoint) check \(isPassing ? "passed" : "failed")\n"
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.endpoint == right.endpoint && left.checks.elementsEqual(right.checks) { $0 == $1 }
    }
}

/// The named checks behind `/healthz` or `/readyz`.
///
/// A check is either a closure asked on each request (quick, no I/O) or a status that somebody sets.
public final class HealthChecks: Sendable {
    private struct State {
        var names: [String] = []
        var statuses: [String: HealthStatus] = [:]
        var closures: [String: @Sendable () -> HealthStatus] = [:]

        mutating func register(_ name: String) {
            if !names.contains(name) { names.append(name) }
        }
    }

    private let endpoint: String
    private let state = Mutex(State())

    /// - Parameter endpoint: its name in reports, `healthz` or `readyz`.
    public init(endpoint: String) {
        self.endpoint = endpoint
    }

    /// Adds a check that is asked on each request.
    public func register(_ name: String, _ check: @escaping @Sendable () -> HealthStatus) {
        state.withLock { state in
            state.register(name)
            state.closures[name] = check
        }
    }

    /// Sets the status of a check, which is added if it is new.
    public func set(_ name: String, _ status: HealthStatus) {
        state.withLock { state in
            state.register(name)
            state.statuses[name] = status
        }
    }

    /// Asks every check, in the order of registration.
    public func report() -> HealthReport {
        let (names, statuses, closures) = state.withLock { ($0.names, $0.statuses, $0.closures) }
        return HealthReport(
            endpoint: endpoint, checks: names.map { name in (name, closures[name]?() ?? statuses[name] ?? .failing("not reported yet")) })
    }
}
