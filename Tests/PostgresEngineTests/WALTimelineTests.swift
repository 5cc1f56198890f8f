import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import PostgresEngine

@Suite("Time of a log's positions") struct WALTimelineTests {
    private let begin = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { begin + .seconds(seconds) }

    private func timeline(_ samples: [(Int, UInt64)]) -> WALTimeline {
        var timeline = WALTimeline()
        for (second, bytes) in samples { timeline.note(WALPosition(bytes: bytes), at: at(second)) }
        return timeline
    }

    private func lag(_ timeline: WALTimeline, of bytes: UInt64, at second: Int) -> Duration? {
        timeline.lag(of: WALPosition(bytes: bytes), at: at(second))
    }

    @Test("unknown without a sample old enough, zero with everything, else the age of the position")
    func lags() {
        #expect(lag(WALTimeline(), of: 5, at: 0) == nil)
        let busy = timeline([(0, 100), (10, 200), (20, 300)])
        #expect(lag(busy, of: 99, at: 20) == nil)
        #expect(lag(busy, of: 300, at: 25) == .zero)
        #expect(lag(busy, of: 400, at: 25) == .zero)
        #expect(lag(busy, of: 200, at: 25) == .seconds(15))
        #expect(lag(busy, of: 100, at: 25) == .seconds(25))
        #expect(lag(busy, of: 290, at: 20) == .seconds(1), "between two samples the log grew evenly")
    }

    @Test("a log that stood still for hours makes no lag of hours")
    func idle() {
        let woken = timeline((0...5000).map { ($0, 100) } + [(5001, 150)])
        #expect(woken.samples.count == 3)
        #expect(lag(woken, of: 100, at: 5002) == .seconds(2))
    }

    @Test("a position that goes back begins anew")
    func anotherHistory() {
        let other = timeline([(0, 100), (10, 200), (20, 50)])
        #expect(other.samples.count == 1)
        #expect(lag(other, of: 40, at: 20) == nil)
    }

    @Test("stays small, and still knows when the oldest was")
    func bounded() {
        let long = timeline((0..<10_000).map { ($0, UInt64($0) * 10) })
        #expect(long.samples.count <= WALTimeline.limit)
        #expect(lag(long, of: 0, at: 10_000) == .seconds(10_000))
        #expect(lag(long, of: 99_000, at: 10_000) == .seconds(100))
        let middle = lag(long, of: 50_000, at: 10_000) ?? .zero
        #expect(abs(middle / .seconds(5_000) - 1) < 0.01)
        var seen = long
        seen.forget(before: WALPosition(bytes: 99_000))
        #expect(lag(seen, of: 99_000, at: 10_000) == .seconds(100))
        #expect(lag(seen, of: 98_000, at: 10_000) == nil)
    }

    @Test("each lane has its own lag; migrations and directions do not mix")
    func clock() async {
        let server = Plan.Server(host: "a", credentials: .init(name: ""))
        let access = ServerAccess(server: server, user: "", password: Redacted(""), certificateAuthorityFile: nil)
        let plan = Plan(
            source: server, target: server, databases: [], copy: .init(mode: .live), cutover: .init(pauseSeconds: 1, connections: [], workloads: []))
        func context(_ uid: String) -> DatabaseContext { .init(uid: uid, plan: plan, source: access, target: access, applicationRoles: []) }
        func lane(_ confirmed: UInt64, _ lag: Int64?) -> LaneState {
            LaneState(database: "d", stage: .running, confirmed: WALPosition(bytes: confirmed), lagBytes: lag)
        }
        let clock = LagClock()
        let first = await clock.measured(.init(lanes: [lane(100, 0), lane(40, 60)]), context("u"), .forward, at: at(0))
        #expect(first.lanes.map(\.lagMilliseconds) == [0, nil])
        #expect(first.lagMilliseconds == nil)
        let later = await clock.measured(.init(lanes: [lane(200, 100), lane(100, 200), lane(300, nil)]), context("u"), .forward, at: at(20))
        #expect(later.lanes.map(\.lagMilliseconds) == [10_000, 20_000, 0])
        #expect(later.lagMilliseconds == 20_000)
        for (uid, direction) in [("u", Direction.reverse), ("other", .forward)] {
            let other = await clock.measured(.init(lanes: [lane(200, 100)]), context(uid), direction, at: at(20))
            #expect(other.lanes.map(\.lagMilliseconds) == [nil])
        }
    }
}
