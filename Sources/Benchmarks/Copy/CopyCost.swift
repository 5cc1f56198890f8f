import DevCluster
import MigrationCore

/// What one timed part took.
struct CopyCost: Sendable, Hashable {
    var seconds: Double
    /// CPU seconds of the contender's own programs.
    var clientCPU: Double
    /// CPU seconds of the two servers.
    var sourceCPU: Double
    var targetCPU: Double
    /// Of the contender's process, in MiB, where it was watched.
    var peakMebibytes: Double?
}

extension CopyCost {
    /// The middle one of each figure, and the highest peak: a limit is kept always or not at all. `nil` without any run.
    init?(medianOf costs: [CopyCost]) {
        func median(_ figure: (CopyCost) -> Double) -> Double? { Percentiles(costs.map(figure))?.median }
        guard let seconds = median(\.seconds), let client = median(\.clientCPU), let source = median(\.sourceCPU), let target = median(\.targetCPU)
        else { return nil }
        self.init(
            seconds: seconds, clientCPU: client, sourceCPU: source, targetCPU: target, peakMebibytes: costs.compactMap(\.peakMebibytes).max())
    }
}

/// Reads the clocks before a part, and again after it.
struct CopyClock: Sendable {
    private let source: Int32?
    private let target: Int32?

    init(_ components: DevComponents) {
        source = components.process(.source)
        target = components.process(.target)
    }

    /// - Parameter part: answers its peak memory.
    func measure(_ part: () async throws -> Double?) async throws -> CopyCost {
        let before = now()
        let start = ContinuousClock.now
        let peak = try await part()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let after = now()
        return CopyCost(
            seconds: seconds, clientCPU: after.client - before.client, sourceCPU: after.source - before.source,
            targetCPU: after.target - before.target, peakMebibytes: peak)
    }

    private func now() -> (client: Double, source: Double, target: Double) {
        func server(_ process: Int32?) -> Double { process.map { ProcessTimes.family(of: $0) } ?? 0 }
        return (ProcessTimes.children(), server(source), server(target))
    }
}
