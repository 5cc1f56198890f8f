/// The controller's memory over many events.
public struct SoakResult: BenchmarkResult {
    public var objects: Int
    public var watchSeconds: Int
    /// Changes the API server told, answers included.
    public var events = 0
    public var seconds = 0.0
    /// At rest after each tenth of the events.
    public var rssMiB: [Double] = []

    /// How much more memory than after the first two tenths, when caches are full, is still no growth.
    private static let noise = 1.1

    public init(objects: Int, watchSeconds: Int) {
        self.objects = objects
        self.watchSeconds = watchSeconds
    }

    public var lines: [String] {
        let memory = rssMiB.map { tenths($0) }.joined(separator: ", ")
        return [
            "soak: \(events) events on \(objects) objects in \(tenths(seconds)) s, watches of \(watchSeconds) s; RSS MiB after each tenth: \(memory)",
            "soak: memory \(isGood ? "stays" : "GROWS")",
        ]
    }

    public var isGood: Bool {
        guard rssMiB.count > 2, let last = rssMiB.last else { return false }
        return last <= rssMiB[1] * Self.noise
    }
}
