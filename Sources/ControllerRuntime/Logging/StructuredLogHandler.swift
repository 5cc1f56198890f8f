import FoundationEssentials
import KubernetesModel
public import Logging
import StructuredData
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Writes log records to stderr, one line each, as JSON or text.
///
/// ```swift
/// LoggingSystem.bootstrap { StructuredLogHandler(label: $0, level: .info, format: .json) }
/// ```
public struct StructuredLogHandler: LogHandler {
    public enum Format: String, Sendable, CaseIterable {
        case json, text
    }

    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let format: Format
    private let write: @Sendable (String) -> Void

    /// - Parameter write: takes one complete line; default: stderr.
    public init(
        label: String, level: Logger.Level = .info, format: Format = .json, write: @escaping @Sendable (String) -> Void = StandardError.write
    ) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.write = write
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let own = event.metadata { all.merge(own) { $1 } }
        let time = "\(MicroTime(Date()))"
        switch format {
        case .json: write(json(event, metadata: all, time: time))
        case .text: write(text(event, metadata: all, time: time))
        }
    }

    private func json(_ event: LogEvent, metadata: Logger.Metadata, time: String) -> String {
        // Our own members win over metadata of the same name.
        var line = metadata.mapValues(Self.value)
        line["time"] = .string(time)
        line["level"] = .string(event.level.rawValue)
        line["logger"] = .string(label)
        line["message"] = .string("\(event.message)")
        let text = try? JSON.text(JSONValue.object(line))
        return (text ?? #"{"level":"error","message":"log record that JSON cannot hold"}"#) + "\n"
    }

    private func text(_ event: LogEvent, metadata: Logger.Metadata, time: String) -> String {
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted("\($0.value)"))" }.joined()
        // A message with a line break would look like two records.
        let message = "\(event.message)".replacing("\n", with: "\\n")
        return "\(time) \(event.level.rawValue.uppercased()) \(label): \(message)\(pairs)\n"
    }

    private static func quoted(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "=") && $0 != 0x7f }
        if isPlain { return text }
        return (try? JSON.text(JSONValue.string(text))) ?? "\"\""
    }

    private static func value(_ value: Logger.Metadata.Value) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string("\(value)")
        case .dictionary(let members): .object(members.mapValues(Self.value))
        case .array(let elements): .array(elements.map(Self.value))
        @unknown default: .string("\(value)")
        }
    }
}

/// The process' standard error.
public enum StandardError {
    private static let lock = Mutex(())

    /// Writes all of `line`; records of several threads do not mix. A closed or full stderr loses the record, never the process.
    @Sendable public static func write(_ line: String) {
        lock.withLock { _ in
            var rest = Array(line.utf8)[...]
            while !rest.isEmpty {
                let written = unsafe rest.withUnsafeBytes { unsafe Self.system($0) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                rest = rest.dropFirst(written)
            }
        }
    }

    private static func system(_ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        #else
            unsafe Musl.write(STDERR_FILENO, bytes.baseAddress, bytes.count)
        #endif
    }
}
