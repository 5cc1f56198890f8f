import HTTPTransport
import KubernetesModel

/// How long a server asks to be left alone.
enum RetryAfter {
    /// Nobody may put us to sleep for longer, be it by mistake.
    private static let longest: Duration = .seconds(300)

    static func duration(_ headers: HTTPHeaders) -> Duration? { headers.retryAfter.map { min($0, longest) } }

    static func duration(_ status: Status?) -> Duration? {
        status?.details?.retryAfterSeconds.map { min(max(.seconds($0), .zero), longest) }
    }
}
