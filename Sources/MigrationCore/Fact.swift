/// Something observed, or why it could not be. Unknown is never "no": rules wait on it, then fail with its reason.
public enum Fact<Value: Sendable>: Sendable {
    case value(Value)
    case unknown(String)

    public var value: Value? { if case .value(let value) = self { value } else { nil } }
    public var whyUnknown: String? { if case .unknown(let why) = self { why } else { nil } }

    public func map<Other>(_ transform: (Value) -> Other) -> Fact<Other> {
        switch self {
        case .value(let value): .value(transform(value))
        case .unknown(let why): .unknown(why)
        }
    }
}

extension Fact: Equatable where Value: Equatable {}
extension Fact: Hashable where Value: Hashable {}
