import Testing

@testable import MigrationCore

/// Everything that may happen to a migration, within bounds: at most so many faults and changes of mind or jumps in time in one run, all
/// interleavings of them. The sides' epochs, Job numbers and attempts grow only with those, so the state space is finite.
@Suite("Model check")
struct ModelCheckTests {
    static let plan = Plan.example(periodSeconds: 0, soakSeconds: 0, failureLimit: 1)

    static let runs: [Limits] = [
        Limits(faults: 2, changes: 0),
        Limits(faults: 2, changes: 1, offers: [.goal(.rolledBack), .suspend]),
        Limits(faults: 1, changes: 1),
        // The changes of mind that lead through a switch twice.
        Limits(faults: 0, changes: 2, offers: [.goal(.rolledBack), .backWithLoss, .again, .delete]),
    ]

    @Test(
        "no fault, no crash, no change of mind breaks a promise; and every state comes to rest on a side that takes writes", arguments: runs.indices)
    func promises(run: Int) {
        var search = Search(plan: Self.plan, limits: Self.runs[run])
        search.explore()
        search.calm()
        if let counterexample = search.counterexample { Issue.record("\(counterexample)") }
        let phases = Set(search.worlds.map { search.mind.record($0).phase })
        #expect(phases.isSuperset(of: [.pending, .fencing, .copying, .switching, .soaking, .promoted, .rollingBack, .rolledBack]))
    }

    static let livePlan = Plan.example(mode: .live, periodSeconds: 0, soakSeconds: 0, failureLimit: 1)

    @Test("the same of the Live mode, where lanes carry writes forth and back", arguments: runs.indices)
    func livePromises(run: Int) {
        _ = Self.searchedLive(Self.livePlan, run)
    }

    private static func searchedLive(_ plan: Plan, _ run: Int) -> Search {
        var search = Search(plan: plan, limits: runs[run])
        search.explore()
        search.calm()
        if let counterexample = search.counterexample { Issue.record("\(counterexample)") }
        let phases = Set(search.worlds.map { search.mind.record($0).phase })
        #expect(phases.isSuperset(of: [.pending, .copying, .draining, .switching, .soaking, .promoted, .rollingBack, .rolledBack]))
        return search
    }

    @Test("the same where CronJobs and replicas rest over the pause: they are as they were wherever it comes to rest", arguments: [0, 2, 3])
    func restingPromises(run: Int) {
        for mode in [Plan.Copy.Mode.snapshot, .live] {
            let plan = Plan.example(mode: mode, periodSeconds: 0, soakSeconds: 0, failureLimit: 1, rests: true)
            var search = Search(plan: plan, limits: Self.runs[run])
            search.explore()
            search.calm()
            if let counterexample = search.counterexample { Issue.record("\(counterexample)") }
            #expect(search.worlds.contains { $0.cronJobs == .resting && $0.replicas == .resting && $0.source.state == .closed })
        }
    }

    @Test("the same where others write the connection strings: in the end, or never", arguments: [false, true], [false, true])
    func writtenOutside(isLive: Bool, othersWrite: Bool) {
        var plan = isLive ? Self.livePlan : Self.plan
        plan.cutover.secretWriter = .external
        let ways: [Step.Change] = [.goal(.rolledBack), .delete, .suspend]
        for limits in [Limits(faults: 1, changes: 0), Limits(faults: 0, changes: 1), Limits(faults: 1, changes: 1, offers: ways, timeJumps: false)] {
            var search = Search(plan: plan, limits: limits, othersWrite: othersWrite)
            search.explore()
            search.calm()
            if let counterexample = search.counterexample { Issue.record("\(counterexample)") }
            let phases = Set(search.worlds.map { search.mind.record($0).phase })
            #expect(phases.isSuperset(of: [.pending, .switching, .soaking, .promoted, .rollingBack, .rolledBack]))
            let isWritten = search.mind.actions.contains { $0.contains { if case .pointSecrets = $0 { true } else { false } } }
            #expect(!isWritten, "the controller writes what is others' to write")
        }
    }

    static let pooledPlan = Plan.pooled(periodSeconds: 0, soakSeconds: 0, failureLimit: 1)

    @Test("the same with applications behind poolers: whatever happens, no pause of a pooler outlives the write pause", arguments: runs.indices)
    func pooledPromises(run: Int) {
        let search = Self.searchedLive(Self.pooledPlan, run)
        #expect(search.worlds.contains { $0.poolers.isPaused && $0.poolers.leads == .target }, "it gets as far as a pause on the way back")
    }

    @Test("the same when every visit stops at the next phase, with more places to fail in between")
    func stepByStep() {
        for plan in [Self.plan, Self.livePlan] {
            var search = Search(plan: plan, limits: Self.runs[0], goesOnward: false)
            search.explore()
            search.calm()
            if let counterexample = search.counterexample { Issue.record("\(counterexample)") }
        }
    }

    private static let ways: [Step.Change] = [.goal(.ready), .goal(.completed), .goal(.rolledBack), .suspend, .delete, .backWithLoss]

    @Test("a crash reaches only outcomes that are also reachable without it")
    func crashEquivalence() {
        var crashing = Search(plan: Self.plan, limits: Limits(faults: 1, changes: 1, kind: .crashes, offers: Self.ways))
        var plain = Search(plan: Self.plan, limits: Limits(faults: 1, changes: 1, kind: .jobs, offers: Self.ways))
        crashing.explore()
        crashing.calm()
        plain.explore()
        plain.calm()
        #expect(crashing.counterexample == nil)
        #expect(plain.counterexample == nil)
        #expect(!crashing.outcomes.isEmpty)
        let more = crashing.outcomes.subtracting(plain.outcomes)
        #expect(more.isEmpty, "only after a crash: \(more)")
    }
}
