import Benchmarks
import Testing

@Suite struct PercentilesTests {
    @Test func takesNearestRanks() {
        let all = Percentiles((1...200).map(Double.init).shuffled())
        #expect(all?.median == 100)
        #expect(all?.p99 == 198)
        #expect(all?.max == 200)
        #expect(all?.count == 200)
    }

    @Test func isTheLargestWhileThereAreFew() {
        #expect(Percentiles([3, 1, 2])?.p99 == 3)
        #expect(Percentiles([3, 1, 2])?.median == 2)
        #expect(Percentiles([]) == nil)
    }
}
