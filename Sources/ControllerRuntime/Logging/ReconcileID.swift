public import Logging

/// The id of the reconcile a task works for: every log line of one visit of an object carries the same.
public enum ReconcileID {
    @TaskLocal static var current: String?

    /// Adds `reconcileID` to log lines within a reconcile; give it to the log handler.
    public static let metadataProvider = Logger.MetadataProvider { current.map { ["reconcileID": "\($0)"] } ?? [:] }

    /// Runs one reconcile under a new id, which is unique among those of a day's log: 8 random hexadecimal digits.
    static func withNew<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let digits = String(UInt32.random(in: .min ... .max), radix: 16)
        return try await $current.withValue(String(repeating: "0", count: 8 - digits.count) + digits) { try await body() }
    }
}
