import StructuredData

/// What `metadata.managedFields` say about who wrote a key.
enum FieldManagers {
    /// The manager that owns a key of an object's data, the last to write where several do.
    static func owner(ofKey key: String, in object: JSONValue) -> String? {
        let entries = object["metadata"]?["managedFields"]?.array ?? []
        let owners = entries.filter { $0["fieldsV1"]?["f:data"]?["f:\(key)"] != nil }
        // RFC 3339 in UTC with seconds: order of the text is order in time.
        return owners.max { ($0["time"]?.string ?? "") < ($1["time"]?.string ?? "") }?["manager"]?.string
    }
}
