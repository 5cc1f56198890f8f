/// Header fields in their order. Names compare without case.
///
/// It prints names only: a value may be a credential.
public struct HTTPHeaders: Sendable {
    public private(set) var fields: [(name: String, value: String)] = []

    public init() {}

    /// The first field of that name. Setting replaces every field of the name; `nil` removes them.
    public subscript(name: String) -> String? {
        get { fields.first { Self.isSame($0.name, name) }?.value }
        set {
            fields.removeAll { Self.isSame($0.name, name) }
            if let newValue { fields.append((name, newValue)) }
        }
    }

    /// Appends a field, keeping others of the same name.
    public mutating func append(_ name: String, _ value: String) { fields.append((name, value)) }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }
}

extension HTTPHeaders: CustomStringConvertible, CustomReflectable {
    public var description: String { "[" + fields.map(\.name).joined(separator: ", ") + "]" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
