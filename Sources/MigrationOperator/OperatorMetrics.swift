import ControllerRuntime
import CoreMetrics
import MigrationAPI
import MigrationCore

/// What Prometheus sees of migrations; series end with their object.
struct OperatorMetrics: Sendable {
    let registry: PrometheusRegistry

    init(registry: PrometheusRegistry) {
        self.registry = registry
        registry.describe("dbmigration_phase", "1 for the phase a migration is in.")
        registry.describe("dbmigration_pause_seconds", "Length of the write pause, from the closed fence to the first client write on the target.")
        registry.describe("dbmigration_bytes_copied", "Bytes copied so far, over all databases.")
        registry.describe("dbmigration_lag_bytes", "How far a database's lanes are behind their publisher.")
        registry.describe("dbmigration_lag_seconds", "The same in time; absent until the lanes were watched for as long as that.")
    }

    func note(_ record: Record, _ status: DatabaseMigrationStatus, _ key: ObjectKey) {
        let labels = [("namespace", key.namespace), ("name", key.name)]
        for phase in Phase.allCases where phase == record.phase || record.timeline.contains(where: { $0.phase == phase }) {
            let dimensions = labels + [("phase", phase.rawValue)]
            Gauge(label: "dbmigration_phase", dimensions: dimensions, factory: registry).record(phase == record.phase ? 1 : 0)
        }
        if let pause = status.cutover?.pauseMilliseconds {
            Gauge(label: "dbmigration_pause_seconds", dimensions: labels, factory: registry).record(Double(pause) / 1000)
        }
        if let databases = status.databases, !databases.isEmpty {
            let bytes = databases.reduce(Int64(0)) { $0 + ($1.bytes?.copied ?? 0) }
            Gauge(label: "dbmigration_bytes_copied", dimensions: labels, factory: registry).record(Double(bytes))
        }
        noteLags(status.databases ?? [], labels)
    }

    /// The largest lag of each database and direction; one that is not known has no series.
    private func noteLags(_ databases: [DatabaseStatus], _ labels: [(String, String)]) {
        for database in databases {
            for direction in ["Forward", "Reverse"] {
                let lanes = (database.lanes ?? []).filter { $0.direction == direction }
                for (name, lags) in [("dbmigration_lag_bytes", lanes.map(\.lagBytes)), ("dbmigration_lag_seconds", lanes.map(\.lagSeconds))] {
                    let gauge = Gauge(label: name, dimensions: labels + [("database", database.name), ("direction", direction)], factory: registry)
                    if let most = lags.compactMap({ $0 }).max(), !lags.contains(nil) { gauge.record(most) } else { gauge.destroy() }
                }
            }
        }
    }

    func forget(_ key: ObjectKey) {
        registry.removeSeries(matching: [("namespace", key.namespace), ("name", key.name)])
    }
}
