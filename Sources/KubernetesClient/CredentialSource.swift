import FoundationEssentials
import HTTPTransport
import KubernetesModel
import StructuredData

/// Credentials as a request carries them.
struct ResolvedCredentials: Sendable {
    var token: Redacted<String>?
    var identity: HTTPClientIdentity?
}

/// Gives each request its credentials, and renews them when they expire or the server refuses them.
actor CredentialSource {
    /// A token file is read again after this time. The kubelet replaces tokens at 80 % of an hour or more.
    private static let fileAge: Duration = .seconds(10)
    /// Plugin credentials are renewed this long before they expire.
    private static let margin: Int64 = 10

    private let credentials: Credentials
    private var cached: (value: ResolvedCredentials, readAt: ContinuousClock.Instant, expiration: Time?)?
    /// One run of the plugin serves every request that waits for it.
    private var running: Task<Result<ExecCredential, ConfigurationError>, Never>?

    init(_ credentials: Credentials) { self.credentials = credentials }

    func current() async throws(ConfigurationError) -> ResolvedCredentials {
        switch credentials {
        case .none: return ResolvedCredentials()
        case .token(let token): return ResolvedCredentials(token: token)
        case .tokenFile(let path): return try read(path)
        case .exec(let plugin): return try await run(plugin)
        }
    }

    /// Forgets what it has, after a 401.
    /// - Returns: whether asking again may give something else.
    func renew() -> Bool {
        guard cached != nil else { return false }
        cached = nil
        return true
    }

    private func read(_ path: String) throws(ConfigurationError) -> ResolvedCredentials {
        if let cached, cached.readAt.duration(to: .now) < Self.fileAge { return cached.value }
        let token = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self).trimmed } ?? ""
        guard !token.isEmpty else {
            // A token being replaced may be missing for a moment.
            if let cached { return cached.value }
            throw ConfigurationError("the token file \(path) is missing or empty")
        }
        let value = ResolvedCredentials(token: Redacted(token))
        cached = (value, .now, nil)
        return value
    }

    private func run(_ plugin: ExecPlugin) async throws(ConfigurationError) -> ResolvedCredentials {
        if let cached {
            guard let expiration = cached.expiration else { return cached.value }
            if Time.now.secondsSince1970 + Self.margin < expiration.secondsSince1970 { return cached.value }
        }
        let task =
            running
            ?? Task {
                do throws(ConfigurationError) {
                    return .success(try await plugin.run())
                } catch {
                    return .failure(error)
                }
            }
        running = task
        let result = await task.value
        if running == task { running = nil }
        let credential = try result.get()
        cached = (credential.credentials, .now, credential.expiration)
        return credential.credentials
    }
}
