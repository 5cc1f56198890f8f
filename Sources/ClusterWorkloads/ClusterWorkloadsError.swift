import KubernetesClient
public import MigrationCore

/// Why an operation on the cluster cannot do what it was asked to; waiting alone will not mend it.
public struct ClusterWorkloadsError: Error, Sendable, Hashable, CustomStringConvertible {
    public var reason: Reason
    /// What was attempted on which object, what was found, and the remedy; never a secret.
    public var message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    public var description: String { message }
}

extension PreflightProblem {
    init(_ error: ClusterWorkloadsError) { self.init(reason: error.reason, message: error.message) }

    /// What could not be read is a problem of its own: silence would pass as success.
    init(reading what: String, _ error: any Error) {
        let isForbidden = (error as? KubernetesError)?.kind == .forbidden
        self.init(reason: isForbidden ? .forbidden : .observationFailed, message: "reading \(what): \(error)")
    }
}
