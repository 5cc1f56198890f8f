/// What a run came to.
public struct RunResult: Sendable, Hashable {
    public var phase = ""
    public var acknowledged = 0
    public var lost = 0
    public var doubled = 0
    public var twoWritable = 0
    public var leftBehind = 0
    public var seconds = 0
    /// Everything that is wrong, in words.
    public var problems: [String] = []
    /// Injections as they struck.
    public var injections: [String] = []
    /// Phases with their seconds.
    public var way = ""

    public init() {}

    public var isGood: Bool {
        problems.isEmpty && lost == 0 && doubled == 0 && twoWritable == 0 && leftBehind == 0
    }

    /// `run 7 seed 1234 · …`
    public func line(_ number: Int, _ plan: RunPlan) -> String {
        let count = plan.databases.count
        return [
            "run \(number) seed \(plan.seed)", count == 1 ? "1 database" : "\(count) databases",
            injections.isEmpty ? "no injection" : "injections: \(injections.joined(separator: ", "))",
            phase, "acknowledged \(acknowledged)", "lost \(lost)",
            "doubled \(doubled)", "two writable sides \(twoWritable)", "left behind \(leftBehind)",
        ].joined(separator: " · ") + (problems.isEmpty ? "" : " · other problems \(problems.count)")
            + " · \(seconds) s"
    }
}

/// All runs together.
public struct TortureResult: Sendable, Hashable {
    public private(set) var runs = 0
    public private(set) var failed: [UInt64] = []
    public private(set) var sum = RunResult()

    public init() {}

    public mutating func add(_ result: RunResult, seed: UInt64) {
        runs += 1
        sum.acknowledged += result.acknowledged
        sum.lost += result.lost
        sum.doubled += result.doubled
        sum.twoWritable += result.twoWritable
        sum.leftBehind += result.leftBehind
        sum.problems += result.problems
        if !result.isGood { failed.append(seed) }
    }

    public var line: String {
        "torture: \(runs) runs · lost \(sum.lost) · doubled \(sum.doubled) · two writable sides \(sum.twoWritable) · left behind \(sum.leftBehind)"
            + " · acknowledged \(sum.acknowledged) · failed runs \(failed.count)"
            + (failed.isEmpty ? "" : " (seeds \(failed.map { "\($0)" }.joined(separator: ", ")))")
    }
}
