/// What each controller took, for each number of objects.
public struct ControllerResult: BenchmarkResult {
    /// One controller with one number of objects.
    public struct Row: Sendable, Hashable, Encodable {
        public var objects: Int
        /// From the start of its process until every object's status was written.
        public var coldSyncSeconds: Double
        /// From the start of a second process until it has looked at every object, none of which needs anything; of ours only.
        public var restartSeconds: Double?
        /// From a change, one at a time, until a watch showed the answer.
        public var p50Ms: Double
        public var p99Ms: Double
        /// At rest, after all.
        public var rssMiB: Double
        public var idleCPUPercent: Double
        /// The same as above while 100 objects a second are changed.
        public var busyP50Ms: Double
        public var busyP99Ms: Double
        public var busyCPUPercent: Double
        public var peakRSSMiB: Double
    }

    public var ours: [Row] = []
    public var kopf: [Row] = []

    public init() {}

    mutating func add(_ row: Row, of contender: ControllerContender) {
        if contender.name == "ours" { ours.append(row) } else { kopf.append(row) }
    }

    public var lines: [String] {
        let head = [
            "| objects | controller | cold sync s | restart s | change → status p50 ms | p99 ms | RSS MiB | peak | idle CPU % | 100 changes/s: p50 ms | p99 ms | CPU % |",
            "|---|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        let rows = (ours.map { ("ours", $0) } + kopf.map { ("kopf", $0) }).sorted { $0.1.objects < $1.1.objects }
        return head + rows.map { Self.line($0, $1) } + [summary]
    }

    private static func line(_ name: String, _ row: Row) -> String {
        let figures = [
            row.coldSyncSeconds, row.restartSeconds, row.p50Ms, row.p99Ms, row.rssMiB, row.peakRSSMiB, row.idleCPUPercent, row.busyP50Ms,
            row.busyP99Ms,
            row.busyCPUPercent,
        ]
        return "| \(row.objects) | \(name) | \(figures.map { $0.map { tenths($0) } ?? "–" }.joined(separator: " | ")) |"
    }

    private var summary: String {
        let pairs = ours.compactMap { our in kopf.first { $0.objects == our.objects }.map { (our, $0) } }
        guard let (our, other) = pairs.last else { return "controller: nothing to compare with" }
        func ratio(_ figure: (Row) -> Double, _ name: String) -> String { "\(hundredths(figure(our) / max(figure(other), 0.001))) × \(name)" }
        let ratios = [ratio(\.coldSyncSeconds, "cold sync"), ratio(\.p50Ms, "p50"), ratio(\.p99Ms, "p99"), ratio(\.rssMiB, "RSS")]
        return "controller: with \(our.objects) objects \(ratios.joined(separator: ", ")) of kopf's"
    }

    public var isGood: Bool { !ours.isEmpty }
}
