/// What each contender applied, and how fast.
public struct ApplyResult: BenchmarkResult {
    public struct Contender: Sendable, Codable {
        public var name: String
        /// Transactions a second, from the first that was seen on the target to the last.
        public var perSecond: Double
        /// Transactions that arrived while it was watched.
        public var applied: Int
        public var seconds: Double
        /// Whether both sides held the same at the end; `nil` when not everything was waited for.
        public var isEqual: Bool?

        init(_ name: String, _ progress: ApplyStage.Progress, isEqual: Bool?) {
            self.name = name
            applied = progress.last.count
            let time = progress.last.at - progress.first.at
            seconds = time / .seconds(1)
            perSecond = seconds > 0 ? Double(progress.last.count - progress.first.count) / seconds : 0
            self.isEqual = isEqual
        }

        var text: String {
            let end = isEqual.map { $0 ? ", both sides equal" : ", THE SIDES DIFFER" } ?? ""
            return "\(name): \(Int(perSecond.rounded())) transactions/s, \(applied) in \((seconds * 10).rounded() / 10) s\(end)"
        }
    }

    public var transactions: Int
    public var tables: Int
    public var contenders: [Contender]
    /// The most lanes against pgcopydb; `nil` without it.
    public var timesPgcopydb: Double?

    init(transactions: Int, tables: Int, contenders: [Contender]) {
        self.transactions = transactions
        self.tables = tables
        self.contenders = contenders
        let lanes = contenders.last { $0.isLanes }
        if let lanes, let other = contenders.last(where: { !$0.isLanes }), other.perSecond > 0 { timesPgcopydb = lanes.perSecond / other.perSecond }
    }

    public var lines: [String] {
        let times = timesPgcopydb.map { ", \(($0 * 10).rounded() / 10) times pgcopydb follow" } ?? ""
        let lanes = contenders.last { $0.isLanes }
        return [
            "backlog: \(transactions) transactions of 2 updates and 1 insert over \(tables) unconnected pairs of tables",
            "below its rate a contender's lag stays bounded, above it grows for as long as the load lasts",
        ] + contenders.map(\.text) + [
            "apply: \(lanes.map { "\(Int($0.perSecond.rounded())) transactions/s with \($0.name)" } ?? "no lanes")\(times)"
        ]
    }

    public var isGood: Bool { contenders.contains { $0.isLanes } && contenders.allSatisfy { !$0.isLanes || $0.isEqual == true } }
}

extension ApplyResult.Contender {
    var isLanes: Bool { name.contains("lane") }
}
