public import FoundationEssentials

/// The one way this program reads and writes JSON.
///
/// Kubernetes 1.20 parses apply bodies as YAML and rejects `\/`, so slashes are never escaped; keys are sorted so that equal
/// values have equal bytes (digests, golden files).
public enum JSON {
    /// - Throws: `EncodingError`.
    public static func encode(_ value: some Encodable, pretty: Bool = false) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }

    /// - Throws: `EncodingError`.
    public static func text(_ value: some Encodable, pretty: Bool = false) throws -> String {
        String(decoding: try encode(value, pretty: pretty), as: UTF8.self)
    }

    /// - Throws: `DecodingError`.
    public static func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, from data: Data, userInfo: [CodingUserInfoKey: any Sendable] = [:]
    ) throws -> Value {
        let decoder = JSONDecoder()
        decoder.userInfo = userInfo
        return try decoder.decode(type, from: data)
    }

    /// - Throws: `DecodingError`.
    public static func decode<Value: Decodable>(_ type: Value.Type = Value.self, from text: String) throws -> Value {
        try decode(type, from: Data(text.utf8))
    }
}

extension JSONValue {
    /// Any encodable value as a document.
    public init(encoding value: some Encodable) throws {
        self = try JSON.decode(from: JSON.encode(value))
    }

    /// Reads this document as a typed value.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try JSON.decode(type, from: JSON.encode(self))
    }
}
