import FoundationEssentials
import HTTPTransport
import KubernetesModel
import StructuredData

/// Credentials as a request carries them.
struct ResolvedCredentials: Sendable, Hashable {
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
    /// The last token a file held.
    private var lastRead: ResolvedCredentials?
    /// One run of the plugin serves every request that waits for it.
    private var running: Task<Result<ExecCredential, ConfigurationError>, Never>?

    private let now: @Sendable () -> ContinuousClock.Instant

    init(_ credentials: Credentials, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.credentials = credentials
        self.now = now
    }

    func current() async throws(ConfigurationError) -> ResolvedCredentials {
        switch credentials {
        case .none: return ResolvedCredentials()
        case .token(let token): return ResolvedCredentials(token: token)
        case .tokenFile(let path): return try read(path)
        case .exec(let plugin): return try await run(plugin)
        }
    }

    /// Forgets these credentials, which got a 401; newer ones, fetched since for another request, stay.
    /// - Returns: whether asking again may give something else.
    func renew(_ refused: ResolvedCredentials) -> Bool {
        switch credentials {
        case .none, .token: return false
        case .tokenFile, .exec:
            if cached?.value == refused { cached = nil }
            return true
        }
    }

    private func read(_ path: String) throws(ConfigurationError) -> ResolvedCredentials {
        if let cached, cached.readAt.duration(to: now()) < Self.fileAge { return cached.value }
        var problem = "is empty"
        do throws(SmallFile.Problem) {
            let token = String(decoding: try SmallFile.read(path), as: UTF8.self).trimmed
            if !token.isEmpty {
                let value = ResolvedCredentials(token: Redacted(token))
                cached = (value, now(), nil)
                lastRead = value
                return value
            }
        } catch {
            problem = error.text
        }
        // A token being replaced may be missing for a moment.
        if let lastRead { return lastRead }
        throw ConfigurationError("the token file \(path) \(problem)")
    }

    private func run(_ plugin: ExecPlugin) async throws(ConfigurationError) -> ResolvedCredentials {
        if let cached {
            guard let expiration = cached.expiration else { return cached.value }
            if Time.now.secondsSince1970 + Self.margin < expiration.secondsSince1970 { return cached.value }
        }
        let task = running ?? Self.start(plugin)
        running = task
        let result = await task.value
        if running == task { running = nil }
        let credential = try result.get()
        cached = (credential.credentials, now(), credential.expiration)
        return credential.credentials
    }
    /// Runs the plugin, and ends it at its limit.
    private static func start(_ plugin: ExecPlugin) -> Task<Result<ExecCredential, ConfigurationError>, Never> {
        Task {
            let run = Task {
                do throws(ConfigurationError) {
                    return Result<ExecCredential, ConfigurationError>.success(try await plugin.run())
                } catch {
                    return .failure(error)
                }
            }
            let timer = Task {
                try await Task.sleep(for: plugin.limit)
                run.cancel()
            }
            defer { timer.cancel() }
            return await run.value
        }
    }
}
