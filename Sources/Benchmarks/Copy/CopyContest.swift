import DevCluster
import MigrationCore
import Torture

/// Contenders that copy the same database, one after another, several times over.
struct CopyContest: Sendable {
    let stage: CopyStage
    let contenders: [any CopyContender]
    let runs: Int

    /// Every figure of every way, and why a way has none.
    struct Outcome: Sendable {
        var content: CopyContent
        var costs: [CopyWay: [CopyCost]] = [:]
        var failures: [CopyWay: String] = [:]
    }

    /// Who failed once, or lost something, is out and has no figures.
    func run(tell: @Sendable (String) -> Void) async throws -> Outcome {
        let content = try await CopyContent.read(.source, stage)
        tell("the source holds \(content), \(content.bytes / 1_000_000) MB")
        var outcome = Outcome(content: content)
        for round in 0..<runs {
            for contender in rotated(contenders, round: round) where contender.ways.allSatisfy({ outcome.failures[$0] == nil }) {
                try Task.checkCancellation()
                try await stage.clear()
                await measure(contender, &outcome, tell)
                try await contender.end(stage)
            }
        }
        try await stage.clear()
        return outcome
    }

    private func measure(_ contender: any CopyContender, _ outcome: inout Outcome, _ tell: @Sendable (String) -> Void) async {
        var current = contender.ways.first
        do {
            try await contender.prepare(stage)
            for way in contender.ways {
                current = way
                let cost = try await measure(contender, way, outcome.content)
                outcome.costs[way, default: []].append(cost)
                tell("\(way.rawValue): \(tenths(cost.seconds)) s")
            }
        } catch {
            guard let current else { return }
            for way in contender.ways { outcome.costs[way] = nil }
            outcome.failures[current] = String(describing: error)
            tell("\(current.rawValue) has no result: \(error)")
        }
    }

    private func measure(_ contender: any CopyContender, _ way: CopyWay, _ content: CopyContent) async throws -> CopyCost {
        try await stage.settle()
        let clock = CopyClock(try DevComponents(stage.cluster.state))
        let cost = try await clock.measure { try await contender.run(way, stage) }
        let copy = try await CopyContent.read(.target, stage)
        if let difference = content.difference(of: copy, withIndexes: way != .floor) { throw BenchmarkError.incomplete(difference) }
        return cost
    }
}
