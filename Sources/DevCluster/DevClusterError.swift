/// Why a dev cluster could not be started, entered or kept.
public enum DevClusterError: Error, CustomStringConvertible {
    /// This machine lacks something the dev cluster is made of.
    case missing(what: String, remedy: String)
    /// The kernel or its settings refuse the namespaces the dev cluster lives in.
    case sandboxRefused(answer: String)
    /// A command ended with a failure.
    case commandFailed(command: String, status: String, output: String)
    /// Something did not become ready in time; `log` is the tail of its log.
    case notReady(what: String, after: Duration, log: String)
    /// A component that has to stay up ended.
    case componentEnded(name: String, status: String, log: String)
    /// A cluster of this name already runs.
    case alreadyRunning(name: String)
    /// No cluster of this name runs.
    case notRunning(name: String)
    /// A name that cannot be a folder's name.
    case invalidName(String)

    public var description: String {
        switch self {
        case .missing(let what, let remedy): "the dev cluster needs \(what): \(remedy)"
        case .sandboxRefused(let answer):
            """
            this machine does not allow the namespaces a dev cluster lives in: \(answer)
            Run as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces>0, \
            kernel.apparmor_restrict_unprivileged_userns=0).
            """
        case .commandFailed(let command, let status, let output): "`\(command)` ended with \(status): \(output)"
        case .notReady(let what, let after, let log): "\(what) was not ready after \(after.components.seconds) s; the end of its log:\n\(log)"
        case .componentEnded(let name, let status, let log): "\(name) ended (\(status)); the end of its log:\n\(log)"
        case .alreadyRunning(let name):
            "a dev cluster named \(name) already runs: use it, stop it with `dbmigration dev down --name \(name)`, or give another --name"
        case .notRunning(let name): "no dev cluster named \(name) runs: start it with `dbmigration dev up --name \(name)`"
        case .invalidName(let name): "\(name) is no name for a dev cluster: use 1 to 40 lower case letters, digits and -"
        }
    }
}
