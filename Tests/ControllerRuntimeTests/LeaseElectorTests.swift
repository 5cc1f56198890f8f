import ControllerRuntime
import Testing

@Suite("Lease elector: take over only after an observed expiry, stop at the renew deadline")
struct LeaseElectorTests {
    let start = ContinuousClock.now

    func at(_ seconds: Double) -> ContinuousClock.Instant { start + .milliseconds(Int64((seconds * 1000).rounded())) }

    func record(_ holder: String, renewed: String, duration: Int = 15, transitions: Int = 0) -> LeaseRecord {
        LeaseRecord(holder: holder, durationSeconds: duration, acquireTime: "acquired", renewTime: renewed, transitions: transitions)
    }

    /// An elector that leads since `start`, its Lease at version 1.
    func leader() -> LeaseElector {
        var elector = LeaseElector(identity: "me")
        _ = elector.handle(.tick, now: start, stamp: "t0")
        _ = elector.handle(.observed(nil, version: ""), now: start, stamp: "t0")
        _ = elector.handle(.written(version: "1"), now: start, stamp: "t0")
        return elector
    }

    @Test("without a Lease it creates one and renews every 2 s")
    func creates() {
        var elector = LeaseElector(identity: "me")
        #expect(elector.handle(.tick, now: at(0), stamp: "t0") == .read)
        let mine = LeaseRecord(holder: "me", durationSeconds: 15, acquireTime: "t0", renewTime: "t0", transitions: 0)
        #expect(elector.handle(.observed(nil, version: ""), now: at(0), stamp: "t0") == .write(mine, replacing: nil))
        #expect(!elector.isLeader)
        #expect(elector.handle(.written(version: "1"), now: at(0.5), stamp: "t0") == .wait(until: at(2)))
        #expect(elector.isLeader)
        #expect(elector.deadline == at(10))
        var renewed = mine
        renewed.renewTime = "t2"
        #expect(elector.handle(.tick, now: at(2), stamp: "t2") == .write(renewed, replacing: "1"))
        #expect(elector.handle(.written(version: "2"), now: at(2.1), stamp: "t2") == .wait(until: at(4)))
        #expect(elector.deadline == at(12))
    }

    @Test("a Lease that somebody holds is taken 15 s after its last change was seen, whatever its times say")
    func takesOver() {
        var elector = LeaseElector(identity: "me")
        let old = record("other", renewed: "1999")
        #expect(elector.handle(.observed(old, version: "1"), now: at(0), stamp: "t") == .wait(until: at(2)))
        #expect(elector.handle(.observed(old, version: "1"), now: at(14), stamp: "t") == .wait(until: at(15)))
        // A renewal is seen at 14.9: the 15 s start again.
        let renewed = record("other", renewed: "2000", transitions: 4)
        #expect(elector.handle(.observed(renewed, version: "2"), now: at(14.9), stamp: "t") == .wait(until: at(16.9)))
        #expect(elector.handle(.observed(renewed, version: "2"), now: at(29.8), stamp: "t") == .wait(until: at(29.9)))
        let mine = LeaseRecord(holder: "me", durationSeconds: 15, acquireTime: "t30", renewTime: "t30", transitions: 5)
        #expect(elector.handle(.observed(renewed, version: "2"), now: at(29.9), stamp: "t30") == .write(mine, replacing: "2"))
        #expect(!elector.isLeader)
        // Another candidate was faster.
        #expect(elector.handle(.conflict, now: at(29.9), stamp: "t30") == .read)
        let third = record("third", renewed: "x")
        #expect(elector.handle(.observed(third, version: "3"), now: at(30), stamp: "t30") == .wait(until: at(32)))
        #expect(elector.holder == "third")
    }

    @Test("a released Lease is taken at once")
    func takesReleased() {
        var elector = LeaseElector(identity: "me")
        guard
            case .write(let record, replacing: "8") = elector.handle(
                .observed(record("", renewed: "x", duration: 1), version: "8"), now: at(0), stamp: "t")
        else {
            Issue.record("a released Lease was not taken")
            return
        }
        #expect(record.holder == "me")
        #expect(record.transitions == 1)
    }

    @Test("failed renewals are tried again every 2 s, and leadership ends 10 s after the last good one was sent")
    func renewDeadline() {
        var elector = leader()
        for now in [2.0, 4, 6, 8.5] {
            guard case .write = elector.handle(.tick, now: at(now), stamp: "t") else {
                Issue.record("no renewal at \(now)")
                return
            }
            #expect(elector.handle(.failed(), now: at(now), stamp: "t") == .wait(until: at(min(now + 2, 10))))
            #expect(elector.isLeader)
        }
        #expect(elector.handle(.tick, now: at(10), stamp: "t") == .stop(.renewDeadlinePassed))
        #expect(!elector.isLeader)
        #expect(elector.handle(.written(version: "9"), now: at(11), stamp: "t") == .stop(.renewDeadlinePassed), "it does not come back")
    }

    @Test("a renewal that took long to fail is tried again at once")
    func slowFailure() {
        var elector = leader()
        _ = elector.handle(.tick, now: at(2), stamp: "t")
        #expect(elector.handle(.failed(), now: at(7), stamp: "t") == .wait(until: at(7)))
    }

    @Test("a server that asks for time gets it, but for a leader's last try before its time is over")
    func retryAfter() {
        var follower = LeaseElector(identity: "me")
        _ = follower.handle(.tick, now: at(0), stamp: "t")
        #expect(follower.handle(.failed(retryAfter: .seconds(30)), now: at(1), stamp: "t") == .wait(until: at(31)))
        #expect(follower.handle(.failed(retryAfter: .seconds(1)), now: at(40), stamp: "t") == .wait(until: at(42)), "never sooner than usual")
        var elector = leader()
        _ = elector.handle(.tick, now: at(2), stamp: "t")
        #expect(elector.handle(.failed(retryAfter: .seconds(4)), now: at(2), stamp: "t") == .wait(until: at(6)))
        _ = elector.handle(.tick, now: at(6), stamp: "t")
        #expect(elector.handle(.failed(retryAfter: .seconds(60)), now: at(6), stamp: "t") == .wait(until: at(8)))
        _ = elector.handle(.tick, now: at(8), stamp: "t")
        #expect(elector.handle(.failed(retryAfter: .seconds(60)), now: at(8), stamp: "t") == .wait(until: at(10)))
    }

    @Test("an answer that comes after the deadline does not save the leadership")
    func lateAnswer() {
        var elector = leader()
        _ = elector.handle(.tick, now: at(2), stamp: "t")
        #expect(elector.handle(.written(version: "2"), now: at(10), stamp: "t") == .stop(.renewDeadlinePassed))
    }

    @Test("an acquisition answered too late is looked at again instead of believed")
    func lateAcquisition() {
        var elector = LeaseElector(identity: "me")
        _ = elector.handle(.observed(nil, version: ""), now: at(0), stamp: "t")
        #expect(elector.handle(.written(version: "1"), now: at(10), stamp: "t") == .read)
        #expect(!elector.isLeader)
    }

    @Test("a conflict while leading: still mine renews with the new version, another holder or a deleted Lease ends it")
    func conflict() {
        var mine = leader()
        _ = mine.handle(.tick, now: at(2), stamp: "t2")
        #expect(mine.handle(.conflict, now: at(2), stamp: "t2") == .read)
        var renewed = record("me", renewed: "t2")
        renewed.acquireTime = "t0"
        #expect(mine.handle(.observed(renewed, version: "7"), now: at(2), stamp: "t2") == .write(renewed, replacing: "7"))

        var robbed = leader()
        #expect(robbed.handle(.observed(record("other", renewed: "x"), version: "7"), now: at(2), stamp: "t") == .stop(.takenOver(by: "other")))
        var deleted = leader()
        #expect(deleted.handle(.observed(nil, version: ""), now: at(2), stamp: "t") == .stop(.leaseDeleted))
    }

    @Test("release empties the holder, keeps the version as precondition, and happens once")
    func release() {
        var elector = leader()
        let released = elector.release(stamp: "t9")
        #expect(released?.record == LeaseRecord(holder: "", durationSeconds: 1, acquireTime: "t0", renewTime: "t9", transitions: 0))
        #expect(released?.replacing == "1")
        #expect(!elector.isLeader)
        #expect(elector.release(stamp: "t9") == nil)
        var follower = LeaseElector(identity: "me")
        #expect(follower.release(stamp: "t") == nil)
    }

    @Test("two electors on one Lease never lead at once, however the requests of the first fail", arguments: 0..<50)
    func neverTwo(seed: Int) {
        var world = ElectionWorld(seed: UInt64(seed), start: start)
        world.run(seconds: 120)
        #expect(world.bothLed == 0)
        #expect(world.anyLed > 0)
    }
}

/// Two electors, one Lease, and requests that fail, or arrive although their answer is lost.
private struct ElectionWorld {
    private struct Peer {
        var elector: LeaseElector
        var wake: Duration = .zero
    }

    private var peers: [Peer]
    private var lease: (record: LeaseRecord, version: Int)?
    private var random: UInt64
    private let start: ContinuousClock.Instant
    private(set) var bothLed = 0
    private(set) var anyLed = 0

    init(seed: UInt64, start: ContinuousClock.Instant) {
        random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        self.start = start
        peers = ["a", "b"].map { Peer(elector: LeaseElector(identity: $0)) }
    }

    mutating func run(seconds: Int) {
        for step in 0..<(seconds * 10) {
            let now = Duration.milliseconds(step * 100)
            for index in peers.indices where peers[index].wake <= now { turn(index, now) }
            // A peer past its deadline has been told to stop by its driver.
            let leading = peers.count { peer in peer.elector.deadline.map { start + now < $0 } ?? false }
            if leading > 1 { bothLed += 1 }
            if leading > 0 { anyLed += 1 }
        }
    }

    private mutating func turn(_ index: Int, _ now: Duration) {
        var input = LeaseElector.Input.tick
        for _ in 0..<8 {
            switch peers[index].elector.handle(input, now: start + now, stamp: "\(now)") {
            case .read:
                input = chance(4) ? .failed(retryAfter: chance(2) ? .seconds(5) : nil) : .observed(lease?.record, version: "\(lease?.version ?? 0)")
            case .write(let record, let replacing):
                let fits = replacing.map { $0 == "\(lease?.version ?? 0)" && lease != nil } ?? (lease == nil)
                let arrives = !chance(3)
                if arrives, fits { lease = (record, (lease?.version ?? 0) + 1) }
                input =
                    !arrives || chance(4)
                    ? .failed(retryAfter: chance(2) ? .seconds(30) : nil) : fits ? .written(version: "\(lease?.version ?? 0)") : .conflict
            case .wait(let until):
                peers[index].wake = until - start
                return
            case .stop:
                // The process exits and starts again a moment later, as another candidate.
                peers[index] = Peer(elector: LeaseElector(identity: "\(index)-\(now)"), wake: now + .seconds(1))
                return
            }
        }
    }

    private mutating func chance(_ oneIn: UInt64) -> Bool {
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        return random % oneIn == 0
    }
}
