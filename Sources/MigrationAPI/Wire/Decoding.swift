extension KeyedDecodingContainer {
    /// The member, or what the schema would have filled in. Objects from older servers, tests and `lint` come without the schema's defaults.
    func value<Value: Decodable>(_ key: Key, default fallback: Value) throws -> Value {
        try decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
}
