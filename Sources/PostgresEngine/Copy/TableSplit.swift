/// Which tables are copied in parts, and which parts these are. Pure.
///
/// Parts cost: no FREEZE, and nothing is gained while other tables keep every lane busy. So a table is split when it is above the limit and holds more
/// than its share, or is so large that beginning it again after a failure would cost too much.
struct TableSplit: Sendable {
    /// In bytes; also about the size of a part.
    var limit: Int64
    /// What one lane of work has to copy, were all tables divided evenly.
    var share: Int64

    /// Rows that cannot be frozen cost their table an eighth more of the target's work, and its pages are written twice; the other lanes meanwhile have
    /// indexes to wait for.
    private static let slack = 1.5
    private static let alwaysAbove: Int64 = 16
    private static let mostParts: Int64 = 4096

    init(limitMiB: Int, jobs: Int, totalBytes: Int64) {
        limit = Int64(limitMiB) << 20
        share = totalBytes / Int64(max(1, jobs))
    }

    func splits(bytes: Int64) -> Bool { bytes > limit && (Double(bytes) > Double(share) * Self.slack || bytes / Self.alwaysAbove > limit) }

    /// The pages of each part; none for a table that is copied as a whole.
    func pages(bytes: Int64, pages: Int64, fileNode: Int64) -> [CopyPart.Pages] {
        let count = min(pages, Self.mostParts, (bytes + limit - 1) / limit)
        guard splits(bytes: bytes), count > 1 else { return [] }
        let bounds = (0..<count).map { pages * $0 / count }
        return bounds.enumerated().map { index, first in
            CopyPart.Pages(first: first, end: index + 1 < bounds.count ? bounds[index + 1] : nil, fileNode: fileNode)
        }
    }
}
