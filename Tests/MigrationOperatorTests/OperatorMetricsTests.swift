import ControllerRuntime
import MigrationCore
import Testing

@testable import MigrationAPI
@testable import MigrationOperator

@Suite("Metrics of a migration")
struct OperatorMetricsTests {
    private let record = Record(attempt: 1, at: Timestamp(milliseconds: 0))
    private let key = ObjectKey(namespace: "team", name: "move")

    private func status(_ lanes: [LaneStatus]?) -> DatabaseMigrationStatus {
        var status = DatabaseMigrationStatus()
        var database = DatabaseStatus(DatabaseProgress(name: "app", phase: "Copied"))
        database.lanes = lanes
        status.databases = [database]
        return status
    }

    @Test("the lag of a database and direction is there while it is known")
    func lag() {
        let registry = PrometheusRegistry()
        let metrics = OperatorMetrics(registry: registry)
        func lane(_ bytes: Int64?, _ seconds: Int64?) -> LaneStatus {
            var lane = LaneStatus(.forward, LaneState(database: "app", stage: .running, lagBytes: bytes))
            lane.lagSeconds = seconds
            return lane
        }
        metrics.note(record, status([lane(70, 2), lane(5, 9)]), key)
        let labels = #"{database="app",direction="Forward",name="move",namespace="team"}"#
        #expect(registry.text.contains("dbmigration_lag_bytes\(labels) 70"))
        #expect(registry.text.contains("dbmigration_lag_seconds\(labels) 9"))
        metrics.note(record, status([lane(70, 2), lane(5, nil)]), key)
        #expect(registry.text.contains("dbmigration_lag_bytes\(labels)") && !registry.text.contains("dbmigration_lag_seconds{"))
        metrics.note(record, status(nil), key)
        #expect(!registry.text.contains("dbmigration_lag_bytes{"))
    }
}
