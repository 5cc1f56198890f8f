/// Chooses objects by their labels. Every part has to hold; the empty selector matches everything.
public struct LabelSelector: Codable, Sendable, Hashable {
    /// One requirement on one label.
    public struct Requirement: Codable, Sendable, Hashable {
        public var key: String
        /// `In`, `NotIn`, `Exists` or `DoesNotExist`; any other matches nothing.
        public var `operator`: String
        public var values: [String]?

        public init(key: String, operator: String, values: [String]? = nil) {
            self.key = key
            self.operator = `operator`
            self.values = values
        }
    }

    public var matchLabels: [String: String]?
    public var matchExpressions: [Requirement]?

    public init(matchLabels: [String: String]? = nil, matchExpressions: [Requirement]? = nil) {
        self.matchLabels = matchLabels
        self.matchExpressions = matchExpressions
    }

    public func matches(_ labels: [String: String]) -> Bool {
        (matchLabels ?? [:]).allSatisfy { labels[$0.key] == $0.value } && (matchExpressions ?? []).allSatisfy { $0.matches(labels) }
    }

    /// The selector as a `labelSelector` parameter; terms in a fixed order.
    public var query: String {
        let equal = (matchLabels ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return (equal + (matchExpressions ?? []).map(\.query)).joined(separator: ",")
    }
}

extension LabelSelector.Requirement {
    func matches(_ labels: [String: String]) -> Bool {
        let value = labels[key]
        return switch `operator` {
        case "In": value.map { (values ?? []).contains($0) } ?? false
        case "NotIn": value.map { !(values ?? []).contains($0) } ?? true
        case "Exists": value != nil
        case "DoesNotExist": value == nil
        default: false
        }
    }

    var query: String {
        let list = (values ?? []).joined(separator: ",")
        return switch `operator` {
        case "In": "\(key) in (\(list))"
        case "NotIn": "\(key) notin (\(list))"
        case "DoesNotExist": "!\(key)"
        case "Exists": key
        // No term means this to the server; a contradiction matches nothing, as `matches` does.
        default: "\(key),!\(key)"
        }
    }
}
