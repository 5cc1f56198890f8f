import DemoStory
import Testing

@Suite("The demo's verdict")
struct DemoResultTests {
    private let good = DemoResult(phase: "Promoted", expectedPhase: "Promoted", pauseMilliseconds: 6120, acknowledged: 4711, errors: 12)

    @Test("the last line is the one scripts read")
    func line() {
        #expect(good.line == "demo: Promoted · pause 6120 ms · acknowledged 4711 · lost 0 · duplicated 0 · errors 12")
    }

    @Test("errors are part of a good story")
    func success() { #expect(good.isSuccess) }

    @Test("a good story needs its phase, every entry once, some entries at all, and no other problem")
    func failures() {
        let spoilers: [(inout DemoResult) -> Void] = [
            { $0.phase = "RolledBack" }, { $0.lost = 1 }, { $0.duplicated = 1 }, { $0.acknowledged = 0 }, { $0.problems = ["timeout"] },
        ]
        for (index, spoil) in spoilers.enumerated() {
            var result = good
            spoil(&result)
            #expect(!result.isSuccess, "spoiler \(index)")
        }
    }
}
