public import MigrationCore
import StructuredData

/// Why a record could not be written or read.
public enum RecordError: Error, Sendable, Hashable, CustomStringConvertible {
    case tooLarge(bytes: Int)
    case newerVersion(Int64)
    case unreadable(String)

    public var description: String {
        switch self {
        case .tooLarge(let bytes):
            "the controller's record has \(bytes) bytes, more than the \(Record.sizeLimit) that status.record may hold; split the migration into several"
        case .newerVersion(let version):
            "status.record has version \(version), this controller knows up to \(Record.currentVersion); run the newer dbmigration again"
        case .unreadable(let why):
            "status.record cannot be read (\(why)); restore the object's status from a backup, or look at both servers and create the migration anew"
        }
    }
}

/// What the status of an object remembers.
public enum StoredRecord: Sendable, Hashable {
    /// Never visited.
    case none
    case record(Record)
    /// There was one and it is gone or cannot be read: never a fresh start.
    case lost(Record.Cause)
}

/// ``Record`` as the JSON text in `status.record`. Equal records have equal text.
public enum RecordCoding {
    public static func encode(_ record: Record) throws(RecordError) -> String {
        let text: String
        do {
            // With one element there is no order; each visit of each object comes here.
            let isOrdered = record.milestones.count < 2 && record.jobs.count < 2
            text = try isOrdered ? JSON.text(record) : JSON.text(canonical(JSONValue(encoding: record)))
        } catch {
            throw .unreadable("it cannot be encoded: \(error)")
        }
        guard text.utf8.count <= Record.sizeLimit else { throw .tooLarge(bytes: text.utf8.count) }
        return text
    }

    public static func decode(_ text: String) throws(RecordError) -> Record {
        guard text.utf8.count <= Record.sizeLimit else { throw .tooLarge(bytes: text.utf8.count) }
        let record: Record
        do {
            record = try JSON.decode(from: text)
        } catch {
            throw explain(error, text)
        }
        guard record.version <= Record.currentVersion else { throw .newerVersion(Int64(record.version)) }
        return record
    }

    /// A newer version may well look like nothing this one knows.
    private static func explain(_ error: any Error, _ text: String) -> RecordError {
        guard let document = try? JSON.decode(JSONValue.self, from: text), document.object != nil else { return .unreadable("it is no JSON object") }
        guard let version = document["version"]?.integer else { return .unreadable("it has no version") }
        guard version <= Record.currentVersion else { return .newerVersion(version) }
        return .unreadable(SpecDecoding.explain(error).description)
    }

    public static func read(_ status: DatabaseMigrationStatus?) -> StoredRecord {
        guard let text = status?.record, !text.isEmpty else {
            guard let phase = status?.phase, !phase.isEmpty else { return .none }
            return .lost(Record.Cause(.stateLost, "status.record is gone while the phase says \(phase.bounded(64)); \(Reason.stateLost.remedy)"))
        }
        do {
            return .record(try decode(text))
        } catch {
            return .lost(Record.Cause(.stateLost, error.description))
        }
    }

    /// Sets and dictionaries with other than string keys come out in any order; equal records must give equal text.
    private static func canonical(_ document: JSONValue) -> JSONValue {
        var document = document
        if let milestones = document["milestones"]?.array {
            document["milestones"] = .array(milestones.sorted { ($0.string ?? "") < ($1.string ?? "") })
        }
        if let jobs = document["jobs"]?.array {
            let pairs = stride(from: 0, to: jobs.count - 1, by: 2).map { (jobs[$0], jobs[$0 + 1]) }
            document["jobs"] = .array(pairs.sorted { ($0.0.string ?? "") < ($1.0.string ?? "") }.flatMap { [$0.0, $0.1] })
        }
        return document
    }
}
