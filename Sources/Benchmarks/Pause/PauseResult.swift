/// Every cutover's pause, under which conditions.
public struct PauseResult: BenchmarkResult {
    /// One cutover.
    public struct Pause: Sendable, Codable {
        /// From the closing of the source, by its clock, until the last database of the target was opened, by the target's.
        public var databaseMilliseconds: Double
        /// The longest time in which no client of one database got a write acknowledged.
        public var clientMilliseconds: Double
    }

    public var rate: Int
    public var roundTripMilliseconds: Double
    public var databases: Int
    public var pauses: [Pause]
    public var database: Percentiles?
    public var client: Percentiles?

    init(rate: Int, roundTripMilliseconds: Double, databases: Int, pauses: [Pause]) {
        self.rate = rate
        self.roundTripMilliseconds = roundTripMilliseconds
        self.databases = databases
        self.pauses = pauses
        database = Percentiles(pauses.map(\.databaseMilliseconds))
        client = Percentiles(pauses.map(\.clientMilliseconds))
    }

    public var lines: [String] {
        guard let database, let client else { return ["pause: no cutover"] }
        return [
            "load: \(rate) transactions a second over \(databases) databases, \(roundTripMilliseconds) ms of round trip added",
            "clients' longest gap: \(client.text)",
            "pause: database part \(database.text)",
        ]
    }

    public var isGood: Bool { !pauses.isEmpty }
}
