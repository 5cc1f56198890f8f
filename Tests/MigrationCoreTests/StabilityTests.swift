import Testing

@testable import MigrationCore

@Suite("Deciding again changes nothing")
struct StabilityTests {
    @Test(
        "once it waits or rests, the same observation leaves the record as it is", arguments: Phase.allCases,
        [AbstractSpace.snapshot, .live, .resting])
    func fixpoint(phase: Phase, space: AbstractSpace) {
        var complaints: [String] = []
        space.forEachVisit(phase) { desired, record, observation, now in
            guard complaints.count < 3 else { return }
            let first = decide(desired, uid: "u", record: record, observation: observation, now: now)
            guard first.actions.isEmpty, first.wake != 0 else { return }
            let second = decide(desired, uid: "u", record: first.record, observation: observation, now: now)
            if second.record != first.record || second.actions != [] || second.standing != first.standing || !second.notices.isEmpty {
                complaints.append("wish: \(desired.intent)\n  seen: \(observation)\n  first: \(first)\n  second: \(second)")
            }
        }
        for complaint in complaints { Issue.record("\(complaint)") }
    }

    @Test(
        "going onward decides what single steps decide one after the other, and acts once", arguments: Phase.allCases,
        [AbstractSpace.snapshot, .live, .resting])
    func onward(phase: Phase, space: AbstractSpace) {
        var complaints: [String] = []
        space.forEachVisit(phase) { desired, record, observation, now in
            guard complaints.count < 3 else { return }
            let far = decideOnward(desired, uid: "u", record: record, observation: observation, now: now)
            var step = decide(desired, uid: "u", record: record, observation: observation, now: now)
            for _ in Phase.allCases where step.record != far.record || step.actions != far.actions {
                guard step.actions.isEmpty else { break }
                step = decide(desired, uid: "u", record: step.record, observation: observation, now: now)
            }
            if far.record != step.record || far.actions != step.actions {
                complaints.append("wish: \(desired.intent)\n  seen: \(observation)\n  onward: \(far)\n  in steps: \(step)")
            }
        }
        for complaint in complaints { Issue.record("\(complaint)") }
    }

    @Test(
        "on a frozen observation it comes to one wait, or to one action that it repeats", arguments: Phase.allCases,
        [AbstractSpace.snapshot, .live, .resting])
    func noPingPong(phase: Phase, space: AbstractSpace) {
        var complaints: [String] = []
        var turn = 0
        space.forEachVisit(phase) { desired, record, observation, now in
            turn += 1
            // Every visit is followed by up to 16 more, so every 11th is enough: no fact has 11 or 22 values, so each value meets each other.
            guard turn.isMultiple(of: 11), complaints.count < 3 else { return }
            if !settles(desired, record, observation, now) {
                complaints.append("wish: \(desired.intent)\n  record: \(record)\n  seen: \(observation)")
            }
        }
        for complaint in complaints { Issue.record("no end:\n  \(complaint)") }
    }

    private func settles(_ desired: Desired, _ record: Record, _ observation: Observation, _ now: Timestamp) -> Bool {
        var last = decide(desired, uid: "u", record: record, observation: observation, now: now)
        for _ in 0..<16 {
            let next = decide(desired, uid: "u", record: last.record, observation: observation, now: now)
            if next.record == last.record, next.actions == last.actions, next.wake == last.wake { return true }
            last = next
        }
        return false
    }
}
