import HTTPTransport
import KubernetesClient

/// All users of all applications.
struct Load: Sendable {
    let databases: [StagingDatabase]
    let clientsPerApplication: Int
    let addresses = ReadyAddresses()
    let stop = StopSign()
    /// By database.
    let results: [String: Acknowledgements]

    init(databases: [StagingDatabase], clientsPerApplication: Int = 3) {
        self.databases = databases
        self.clientsPerApplication = clientsPerApplication
        results = Dictionary(uniqueKeysWithValues: databases.map { ($0.name, Acknowledgements()) })
    }

    /// Writes until the stop sign is up and the last answer is in.
    func run() async {
        let http = HTTPClient()
        await withTaskGroup(of: Void.self) { group in
            for database in databases {
                guard let results = results[database.name] else { continue }
                for number in 1...clientsPerApplication {
                    let client = LoadClient(
                        name: "\(database.application)-user-\(number)", service: database.application, addresses: addresses, http: http,
                        results: results,
                        stop: stop)
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

    /// The longest time in which no client of one application got an entry confirmed.
    var longestGap: Duration { results.values.map { $0.snapshot.longestGap }.max() ?? .zero }

    /// What failed requests saw, most frequent first.
    var errorSummary: String {
        let kinds = results.values.reduce(into: [String: Int]()) { $0.merge($1.snapshot.kinds, uniquingKeysWith: +) }
        return kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
    }
}
