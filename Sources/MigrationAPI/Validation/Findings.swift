import MigrationCore
import StructuredData

/// Collects every problem of a spec while it is turned into a plan.
struct Findings {
    private(set) var problems: [SpecProblem] = []

    mutating func add(_ path: String, _ message: String, _ reason: Reason = .invalidSpec) {
        problems.append(SpecProblem(path: path, message: message, reason: reason))
    }

    /// A field or word this version knows of but cannot do.
    mutating func notImplemented(_ path: String, _ message: String) { add(path, message, .notImplemented) }

    /// Refuses a field of a later version when it is there at all.
    mutating func later(_ path: String, _ value: JSONValue?, _ what: String) {
        if value != nil { notImplemented(path, "\(what) not implemented in this version; remove the field") }
    }

    mutating func range(_ path: String, _ value: Int, _ range: ClosedRange<Int>, unit: String = "") {
        guard !range.contains(value) else { return }
        let unit = unit.isEmpty ? "" : " \(unit)"
        add(path, "\(value) is outside of \(range.lowerBound) to \(range.upperBound)\(unit)")
    }

    mutating func count(_ path: String, _ count: Int, atMost limit: Int) {
        if count > limit { add(path, "\(count) entries, at most \(limit) are allowed") }
    }

    /// The word as a value of a closed list, or a problem and `nil`.
    mutating func word(_ path: String, _ value: String, oneOf words: [String]) {
        if !words.contains(value) { add(path, "'\(value.bounded(64))' is not one of \(words.joined(separator: ", "))") }
    }

    mutating func text(_ path: String, _ value: String, _ form: TextForm) {
        if let complaint = form.complaint(about: value) { add(path, complaint) }
    }

    mutating func duplicates(_ values: [String], path: (Int) -> String, message: (String) -> String) {
        var seen: Set<String> = []
        for (index, value) in values.enumerated() where !seen.insert(value).inserted { add(path(index), message(value)) }
    }
}
