extension Plan {
    /// A query whose every series has to stay within limits, of which there is at least one.
    public struct PrometheusCheck: Sendable, Hashable, Codable {
        /// Unique within the plan.
        public var name: String
        /// The server's base URL; the path of its HTTP API is appended.
        public var address: String
        /// PromQL for a scalar or an instant vector.
        public var query: String
        public var max: Double?
        public var min: Double?
        /// How far the highest series may be above the baseline's highest, in percent of it.
        public var maxIncreasePercent: Int?
        /// How far the lowest series may be below the baseline's lowest, in percent of it.
        public var maxDecreasePercent: Int?
        public var timeoutSeconds: Int
        public var limits: CheckLimits
        /// A Secret whose every key is a header field to send.
        public var headersSecret: String?
        /// The CA to verify the server with; `nil` means the system's bundle.
        public var certificateAuthority: SecretKey?

        public init(
            name: String, address: String, query: String, max: Double? = nil, min: Double? = nil, maxIncreasePercent: Int? = nil,
            maxDecreasePercent: Int? = nil, timeoutSeconds: Int = 5, limits: CheckLimits = CheckLimits(), headersSecret: String? = nil,
            certificateAuthority: SecretKey? = nil
        ) {
            self.name = name
            self.address = address
            self.query = query
            self.max = max
            self.min = min
            self.maxIncreasePercent = maxIncreasePercent
            self.maxDecreasePercent = maxDecreasePercent
            self.timeoutSeconds = timeoutSeconds
            self.limits = limits
            self.headersSecret = headersSecret
            self.certificateAuthority = certificateAuthority
        }

        public var measured: MeasuredCheck {
            MeasuredCheck(
                name: name,
                values: .init(max: max, min: min, maxIncreasePercent: maxIncreasePercent, maxDecreasePercent: maxDecreasePercent), limits: limits)
        }
    }
}
