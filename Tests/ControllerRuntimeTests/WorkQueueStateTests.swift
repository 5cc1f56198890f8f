import ControllerRuntime
import Testing

@Suite("Work queue: one entry per key, earliest time wins, never twice at once")
struct WorkQueueStateTests {
    typealias State = WorkQueueState<String>
    let start = ContinuousClock.now

    @Test("the earliest time wins, whichever came first", arguments: [[1, 3], [3, 1]])
    func earliestWins(delays: [Int]) {
        var queue = State()
        for delay in delays { queue.add("a", due: start + .seconds(delay)) }
        #expect(queue.next(now: start) == .wait(until: start + .seconds(1)))
        #expect(queue.next(now: start + .seconds(1)) == .run("a", waited: .zero))
        queue.finish("a", .done, now: start + .seconds(1))
        #expect(queue.next(now: start + .seconds(5)) == .idle)
    }

    @Test("due keys come in order of due time, then of arrival")
    func order() {
        var queue = State()
        queue.add("late", due: start + .seconds(2))
        queue.add("first", due: start + .seconds(1))
        queue.add("second", due: start + .seconds(1))
        let now = start + .seconds(3)
        #expect(queue.depth(now: now) == 3)
        #expect(queue.next(now: now) == .run("first", waited: .seconds(2)))
        #expect(queue.next(now: now) == .run("second", waited: .seconds(2)))
        #expect(queue.next(now: now) == .run("late", waited: .seconds(1)))
        #expect(queue.next(now: now) == .idle)
    }

    @Test("a key added while it runs runs again afterwards, not beside")
    func neverTwice() {
        var queue = State()
        queue.add("a", due: start)
        #expect(queue.next(now: start) == .run("a", waited: .zero))
        queue.add("a", due: start)
        #expect(queue.next(now: start) == .idle)
        #expect(queue.runningKeys == 1)
        #expect(queue.finish("a", .after(.seconds(60)), now: start + .seconds(1)) == .seconds(1))
        #expect(queue.next(now: start + .seconds(1)) == .run("a", waited: .seconds(1)))
    }

    @Test("a result of a time runs again at that time, from the end of the run")
    func after() {
        var queue = State()
        queue.add("a", due: start)
        _ = queue.next(now: start)
        queue.finish("a", .after(.seconds(10)), now: start + .seconds(5))
        #expect(queue.next(now: start + .seconds(6)) == .wait(until: start + .seconds(15)))
    }

    @Test("failures back off by powers of two from 5 ms to 1,000 s; success resets")
    func backoff() {
        var queue = State()
        var now = start
        var delays: [Duration] = []
        queue.add("a", due: now)
        for _ in 0..<20 {
            #expect(queue.next(now: now) == .run("a", waited: .zero))
            queue.finish("a", .failed(), now: now)
            guard case .wait(let until) = queue.next(now: now) else {
                Issue.record("nothing waits after a failure")
                return
            }
            delays.append(until - now)
            now = until
        }
        #expect(delays.prefix(4) == [.milliseconds(5), .milliseconds(10), .milliseconds(20), .milliseconds(40)])
        #expect(delays[17] == .milliseconds(5 << 17))
        #expect(delays.suffix(2) == [.seconds(1000), .seconds(1000)])
        #expect(queue.failureCount(of: "a") == 20)

        _ = queue.next(now: now)
        queue.finish("a", .done, now: now)
        #expect(queue.failureCount(of: "a") == 0)
        queue.add("a", due: now)
        _ = queue.next(now: now)
        queue.finish("a", .failed(), now: now)
        #expect(queue.next(now: now) == .wait(until: now + .milliseconds(5)))
    }

    @Test("what a server asked for is waited for, though the backoff is shorter")
    func retryAfter() {
        var queue = State()
        queue.add("a", due: start)
        _ = queue.next(now: start)
        queue.finish("a", .failed(atLeast: .seconds(7)), now: start)
        #expect(queue.next(now: start) == .wait(until: start + .seconds(7)))
    }

    @Test("a change cuts the backoff short")
    func changeBeatsBackoff() {
        var queue = State(backoff: Backoff(base: .seconds(100), limit: .seconds(100)))
        queue.add("a", due: start)
        _ = queue.next(now: start)
        queue.finish("a", .failed(), now: start)
        queue.add("a", due: start + .seconds(1))
        #expect(queue.next(now: start + .seconds(1)) == .run("a", waited: .zero))
    }

    @Test("finishing a key that does not run changes nothing")
    func unknownFinish() {
        var queue = State()
        #expect(queue.finish("a", .after(.zero), now: start) == nil)
        #expect(queue.next(now: start) == .idle)
    }

    @Test("many keys that fail at once come back at 10 a second after the first 100, a single one is not held back")
    func overallLimit() {
        var state = WorkQueueState<Int>()
        let now = ContinuousClock.now
        for key in 0..<1000 { state.add(key, due: now) }
        for _ in 0..<1000 { _ = state.next(now: now) }
        for key in 0..<1000 { state.finish(key, .failed(), now: now) }
        #expect(state.depth(now: now + .milliseconds(5)) == 100)
        #expect(state.depth(now: now + .seconds(45)) == 550)
        #expect(state.depth(now: now + .seconds(90)) == 1000)
        // The bucket fills again.
        let later = now + .seconds(200)
        _ = state.next(now: later)
        state.finish(0, .failed(), now: later)
        guard case .run = state.next(now: later + .milliseconds(10)) else { return #expect(Bool(false)) }
    }

    @Test("any mix of adds, runs and ends hands out what a plain search would", arguments: 0..<50)
    func agreesWithSearch(seed: Int) {
        var random = Numbers(state: UInt64(seed) &* 2_654_435_761 &+ 1)
        var queue = WorkQueueState<Int>()
        var wanted: [Int: Int] = [:]
        var running: Set<Int> = []
        var now = 0
        for _ in 0..<2000 {
            switch random.below(4) {
            case 0, 1:
                let (key, due) = (random.below(12), now + random.below(20))
                queue.add(key, due: start + .seconds(due))
                wanted[key] = min(wanted[key] ?? due, due)
            case 2:
                guard let key = running.randomElement(using: &random) else { continue }
                running.remove(key)
                queue.finish(key, .done, now: start + .seconds(now))
            default:
                now += random.below(3)
                let due = wanted.filter { $0.value <= now }
                #expect(queue.depth(now: start + .seconds(now)) == due.count)
                let free = due.filter { !running.contains($0.key) }
                guard case .run(let key, let waited) = queue.next(now: start + .seconds(now)) else {
                    #expect(free.isEmpty)
                    continue
                }
                #expect(free[key].map { now - $0 } == Int(waited.components.seconds))
                wanted[key] = nil
                running.insert(key)
            }
        }
    }
}

/// A short sequence of numbers that a seed brings back (Knuth's constants for 64 bits).
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
