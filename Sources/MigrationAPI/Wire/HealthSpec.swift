public import KubernetesModel

/// What decides whether the applications are well after the switch (`spec.health`).
public struct HealthSpec: Codable, Sendable, Hashable {
    public var periodSeconds = 10
    public var soakSeconds = 86_400
    public var http: [HTTPCheckSpec] = []
    public var prometheus: [PrometheusCheckSpec] = []
    public var workloads: LimitedCheck<WorkloadCheckSpec>?
    public var sessions: LimitedCheck<SessionCheckSpec>?
    public var logs: LimitedCheck<LogCheckSpec>?

    init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        periodSeconds = try container.value(.periodSeconds, default: periodSeconds)
        soakSeconds = try container.value(.soakSeconds, default: soakSeconds)
        http = try container.value(.http, default: [])
        prometheus = try container.value(.prometheus, default: [])
        workloads = try container.decodeIfPresent(LimitedCheck.self, forKey: .workloads)
        sessions = try container.decodeIfPresent(LimitedCheck.self, forKey: .sessions)
        logs = try container.decodeIfPresent(LimitedCheck.self, forKey: .logs)
    }
}

/// One HTTP check (`spec.health.http[]`); exactly one of `url` and `service` is given.
public struct HTTPCheckSpec: Codable, Sendable, Hashable {
    /// A path on every ready address of a Service in the migration's namespace.
    public struct ServiceAddress: Codable, Sendable, Hashable {
        public var name: String
        public var port: IntOrString
        public var path: String

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            port = try container.decode(IntOrString.self, forKey: .port)
            path = try container.value(.path, default: "/")
        }
    }

    public var name: String
    public var url: String?
    public var service: ServiceAddress?
    public var expectStatus: [Int]
    public var timeoutSeconds: Int
    public var failureLimit: Int
    public var totalFailureLimit: Int?
    public var inconclusiveLimit: Int?
    public var successThreshold: Int
    public var initialDelaySeconds: Int
    public var bodyPattern: String?
    public var headersSecretRef: SecretReference?
    public var caSecretRef: CertificateSecretReference?
    public var followRedirects: Bool

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        url = try container.decodeIfPresent(String.self, forKey: .url)
        service = try container.decodeIfPresent(ServiceAddress.self, forKey: .service)
        expectStatus = try container.value(.expectStatus, default: [200])
        timeoutSeconds = try container.value(.timeoutSeconds, default: 5)
        failureLimit = try container.value(.failureLimit, default: 3)
        totalFailureLimit = try container.decodeIfPresent(Int.self, forKey: .totalFailureLimit)
        inconclusiveLimit = try container.decodeIfPresent(Int.self, forKey: .inconclusiveLimit)
        successThreshold = try container.value(.successThreshold, default: 1)
        initialDelaySeconds = try container.value(.initialDelaySeconds, default: 0)
        bodyPattern = try container.decodeIfPresent(String.self, forKey: .bodyPattern)
        headersSecretRef = try container.decodeIfPresent(SecretReference.self, forKey: .headersSecretRef)
        caSecretRef = try container.decodeIfPresent(CertificateSecretReference.self, forKey: .caSecretRef)
        followRedirects = try container.value(.followRedirects, default: false)
    }
}

/// One Prometheus check (`spec.health.prometheus[]`); at least one of `max`, `min`, `maxIncreasePercent` and `maxDecreasePercent` is given.
public struct PrometheusCheckSpec: Codable, Sendable, Hashable {
    public var name: String
    public var address: String
    public var query: String
    /// A whole number, or a text with a decimal one: a spec has no floating-point numbers.
    public var max: IntOrString?
    /// The same.
    public var min: IntOrString?
    public var maxIncreasePercent: Int?
    public var maxDecreasePercent: Int?
    public var timeoutSeconds: Int
    public var failureLimit: Int
    public var totalFailureLimit: Int?
    public var inconclusiveLimit: Int?
    public var successThreshold: Int
    public var initialDelaySeconds: Int
    public var headersSecretRef: SecretReference?
    public var caSecretRef: CertificateSecretReference?

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        name = try container.decode(String.self, forKey: .name)
        address = try container.decode(String.self, forKey: .address)
        query = try container.decode(String.self, forKey: .query)
        max = try container.decodeIfPresent(IntOrString.self, forKey: .max)
        min = try container.decodeIfPresent(IntOrString.self, forKey: .min)
        maxIncreasePercent = try container.decodeIfPresent(Int.self, forKey: .maxIncreasePercent)
        maxDecreasePercent = try container.decodeIfPresent(Int.self, forKey: .maxDecreasePercent)
        timeoutSeconds = try container.value(.timeoutSeconds, default: 5)
        failureLimit = try container.value(.failureLimit, default: 3)
        totalFailureLimit = try container.decodeIfPresent(Int.self, forKey: .totalFailureLimit)
        inconclusiveLimit = try container.decodeIfPresent(Int.self, forKey: .inconclusiveLimit)
        successThreshold = try container.value(.successThreshold, default: 1)
        initialDelaySeconds = try container.value(.initialDelaySeconds, default: 0)
        headersSecretRef = try container.decodeIfPresent(SecretReference.self, forKey: .headersSecretRef)
        caSecretRef = try container.decodeIfPresent(CertificateSecretReference.self, forKey: .caSecretRef)
    }
}

/// What checks of every kind have.
protocol LimitsSpec {
    var failureLimit: Int { get }
    var totalFailureLimit: Int? { get }
    var inconclusiveLimit: Int? { get }
    var successThreshold: Int { get }
    var initialDelaySeconds: Int { get }
}

/// What checks that ask somebody have besides.
protocol CheckSpec: LimitsSpec {
    var name: String { get }
    var timeoutSeconds: Int { get }
}

extension HTTPCheckSpec: CheckSpec {}
extension PrometheusCheckSpec: CheckSpec {}

/// A whole Secret.
public struct SecretReference: Codable, Sendable, Hashable {
    public var name: String
}
