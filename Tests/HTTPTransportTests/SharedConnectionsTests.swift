import Foundation
import Testing

@testable import HTTPTransport

@Suite("which servers are spoken to over a shared connection")
struct SharedConnectionsTests {
    @Test("a server whose connection died gets single ones for a while; others keep theirs")
    func pause() {
        var shared = SharedConnections()
        let now = ContinuousClock.now
        shared.blame("https://h:6443/api/v1/pods?limit=1", now: now)
        #expect(!shared.allows("https://h:6443/healthz", now: now))
        #expect(shared.allows("https://h:6444/healthz", now: now))
        #expect(shared.allows("http://h:6443/healthz", now: now))
        #expect(!shared.allows("https://h:6443", now: now + .seconds(129)))
        #expect(shared.allows("https://h:6443", now: now + .seconds(130)))
    }

    @Test("answers over a shared connection are never paused")
    func neverPaused() {
        var state = ExchangeState(pauses: false)
        for _ in 0..<100 { #expect(state.received(Data(repeating: 1, count: 100_000)) != nil) }
        var pausing = ExchangeState()
        let taken = (0..<100).prefix { _ in pausing.received(Data(repeating: 1, count: 100_000)) != nil }
        #expect(taken.count == 2)
    }
}
