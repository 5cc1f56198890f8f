import ControllerRuntime
import Foundation
import Testing

@testable import MigrationAPI
@testable import MigrationCore
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

    @Test("an end is counted once, when it is reached, and everything of an object goes with it")
    func endsAreCounted() {
        let registry = PrometheusRegistry()
        let metrics = OperatorMetrics(registry: registry)
        var done = record
        done.phase = .promoted
        done.checks = ["web": .init(verdict: .failed, streak: 1, message: "")]
        done.lastProbeAt = Timestamp(milliseconds: 5)
        #expect(registry.text.contains(#"dbmigration_finished_total{phase="Promoted"} 0"#))
        metrics.note(done, after: record, status(nil), key)
        metrics.note(done, after: done, status(nil), key)
        metrics.actionFailed(in: .promoted, key)
        #expect(registry.text.contains(#"dbmigration_finished_total{phase="Promoted"} 1"#))
        #expect(registry.text.contains(#"dbmigration_probe_results_total{check="web",name="move",namespace="team",verdict="failed"} 1"#))
        #expect(registry.text.contains(#"dbmigration_probe_success{check="web",name="move",namespace="team"} 0"#))
        metrics.note(done, status(nil), ObjectKey(namespace: "team", name: "other"))
        metrics.forget(key)
        #expect(!registry.text.contains(#"name="move""#) && registry.text.contains(#"name="other""#))
        #expect(registry.text.contains(#"dbmigration_finished_total{phase="Promoted"} 1"#), "a restart's first look counts nothing")
    }

    @Test("a write pause is on while neither side takes writes, forth and back")
    func writePause() {
        func isPaused(_ change: (inout Record) -> Void) -> Double? {
            var record = record
            change(&record)
            let samples = MigrationSeries(record, status(nil)).samples
            func value(_ metric: MigrationMetric, _ label: MigrationSeries.Sample.Label) -> Double? {
                samples.first { $0.metric == metric && $0.label == label }?.value(at: Timestamp(milliseconds: 2501))
            }
            lengths = [.forward, .reverse].map { value(.pauseSeconds, .direction($0)) }
            return value(.writePause, .none)
        }
        var lengths: [Double?] = []
        let now = Timestamp(milliseconds: 1)
        func close(_ record: inout Record) {
            record.fence = .init(epoch: 1, decidedAt: now, deadline: now)
            record.fence?.closedAt = now
        }
        #expect(isPaused { _ in } == 0)
        #expect(isPaused { $0.fence = .init(epoch: 1, decidedAt: now, deadline: now) } == 0)
        #expect(isPaused(close) == 1)
        #expect(lengths == [2.5, nil], "it grows while it lasts")
        #expect(
            isPaused {
                close(&$0)
                $0.switchedAt = now
            } == 0)
        #expect(
            isPaused {
                close(&$0)
                ($0.switchedAt, $0.phase) = (now, .rollingBack)
                $0.rollback = .init(cause: .init(.pauseBudgetExceeded, ""), isRequested: true, from: .soaking, acceptsLoss: false)
                $0.rollback?.closingAt = now
                $0.rollback?.closedAt = now
            } == 1)
        #expect(lengths == [nil, 2.5])
        #expect(
            isPaused {
                $0.rollback = .init(cause: .init(.pauseBudgetExceeded, ""), isRequested: true, from: .soaking, acceptsLoss: false)
                $0.rollback?.pauseMilliseconds = 400
            } == 0)
        #expect(lengths == [nil, 0.4])
    }

    @Test("docs/observability.md explains every metric")
    func documented() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let document = try String(contentsOf: root.appending(path: "docs/observability.md"), encoding: .utf8)
        for metric in MigrationMetric.allCases { #expect(document.contains("`\(metric.rawValue)`"), "\(metric.rawValue)") }
    }
}
