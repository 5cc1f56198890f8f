import HTTPTransport
import KubernetesClient

/// All users of all applications.
struct Load: Sendable {
    let databases: [StagingDatabase]
    /// Shared out among the applications.
    let clients: Int
    let breath: Duration
    let addresses = ReadyAddresses()
    let stop = StopSign()
    /// By database.
    let results: [String: Acknowledgements]

    init(databases: [StagingDatabase], clients: Int = 9, breath: Duration = .milliseconds(10)) {
        self.databases = databases
        self.clients = clients
        self.breath = breath
        results = Dictionary(uniqueKeysWithValues: databases.map { ($0.name, Acknowledgements()) })
    }

    /// Writes until the stop sign is up and the last answer is in.
    func run() async {
        let http = HTTPClient()
        await withTaskGroup(of: Void.self) { group in
            for (index, database) in databases.enumerated() {
                guard let results = results[database.name] else { continue }
                for number in 0..<clients where number % databases.count == index {
                    let client = LoadClient(
                        name: "\(database.application)-user-\(number / databases.count + 1)", service: database.application, addresses: addresses,
                        http: http,
                        results: results,
                        stop: stop, breath: breath)
                    group.addTask { await client.run() }
                }
            }
        }
    }

    var acknowledged: Int { results.values.reduce(0) { $0 + $1.count } }
    var errors: Int { results.values.reduce(0) { $0 + $1.snapshot.errors } }

    /// Confirmed entries by database, as of now.
    var counts: [String: Int] { results.mapValues(\.count) }

    /// The databases in which fewer than so many entries were confirmed since `counts` was taken.
    func idle(since counts: [String: Int], below minimum: Int) -> [String] {
        self.counts.filter { $0.value - (counts[$0.key] ?? 0) < minimum }.keys.sorted()
    }

    /// For each client, the longest time a request took since this was last asked.
    func takeSlowest() -> [Duration] { results.values.flatMap { $0.takeSlowest() } }

    /// Returns when so many more entries were confirmed in every database.
    func waitForEntries(_ minimum: Int, _ deadline: Deadline) async throws {
        let before = counts
        try await deadline.wait(for: "users to write") {
            "too few confirmed entries in \(idle(since: before, below: minimum).joined(separator: ", ")); requests failed with \(errorSummary)"
        } _: {
            idle(since: before, below: minimum).isEmpty
        }
    }

    /// The longest time in which no client of one application got an entry confirmed.
    var longestGap: Duration { results.values.map { $0.snapshot.longestGap }.max() ?? .zero }

    /// What failed requests saw, most frequent first.
    var errorSummary: String {
        let kinds = results.values.reduce(into: [String: Int]()) { $0.merge($1.snapshot.kinds, uniquingKeysWith: +) }
        return kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    }
}
