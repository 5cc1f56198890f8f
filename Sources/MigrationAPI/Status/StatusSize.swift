import StructuredData

/// A status that is too large could not be written at all, and the migration would stand still: what people can find elsewhere is left out first.
///
/// etcd takes 1.5 MiB for a whole object. The record is bounded by itself, and so is the number and the length of conditions.
enum StatusSize {
    /// In bytes of JSON, without conditions.
    static let limit = 262_144
    private static let fewMismatches = 2

    /// Leaves out as much as it takes.
    /// - Returns: what was left out, for people; `nil` when nothing was.
    static func trim(_ status: inout DatabaseMigrationStatus) -> String? {
        guard size(status) > limit else { return nil }
        var left: [String] = []
        let mismatches = cut(\.mismatches, to: fewMismatches, in: &status)
        if mismatches > 0 { left.append("\(mismatches) mismatches; the logs of the verifying Jobs have all") }
        if size(status) > limit {
            let lanes = cut(\.lanes, to: 0, in: &status)
            if lanes > 0 { left.append("\(lanes) lanes; views pg_stat_replication and pg_stat_subscription of the servers have them") }
        }
        return "Left out, because the status would have more than \(limit >> 10) KiB: \(left.joined(separator: "; "))."
    }

    private static func size(_ status: DatabaseMigrationStatus) -> Int { (try? JSON.encode(status).count) ?? 0 }

    private static func cut<Element>(
        _ list: WritableKeyPath<DatabaseStatus, [Element]?>, to count: Int, in status: inout DatabaseMigrationStatus
    ) -> Int {
        var removed = 0
        for index in (status.databases ?? []).indices {
            guard let elements = status.databases?[index][keyPath: list], elements.count > count else { continue }
            removed += elements.count - count
            status.databases?[index][keyPath: list] = count == 0 ? nil : Array(elements.prefix(count))
        }
        return removed
    }
}
