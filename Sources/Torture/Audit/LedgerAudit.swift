/// What became of one database's transactions, compared with its ledger on the side applications use. Pure.
struct LedgerAudit: Sendable, Hashable {
    /// Acknowledged, and not there.
    var lost: [Attempt] = []
    /// There more than once, as often.
    var doubled: [String: Int] = [:]
    /// There although a server said no.
    var risen: [Attempt] = []
    /// There although nobody sent them.
    var strangers: [String] = []

    /// - Parameter counts: how often each number stands in the ledger.
    init(attempts: [Attempt], counts: [String: Int]) {
        var sent: Set<String> = []
        for attempt in attempts {
            sent.insert(attempt.number)
            let isThere = counts[attempt.number] != nil
            if attempt.outcome == .acknowledged, !isThere { lost.append(attempt) }
            if attempt.outcome == .refused, isThere { risen.append(attempt) }
        }
        doubled = counts.filter { $0.value > 1 }
        strangers = counts.keys.filter { !sent.contains($0) }.sorted()
    }
}
