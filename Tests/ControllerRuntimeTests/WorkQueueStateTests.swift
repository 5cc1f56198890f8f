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
}
