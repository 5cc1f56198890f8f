import KubernetesModel
import MigrationAPI

/// What the table shows at one moment.
struct Frame: Sendable {
    struct Application: Sendable, Hashable {
        var database: String
        var acknowledged: Int
        var errors: Int
    }

    /// Since the start of the demo.
    var elapsed: Duration
    var status: DatabaseMigrationStatus?
    /// The write pause so far, in milliseconds; `nil` before it.
    var pauseMilliseconds: Int64?
    var applications: [Application]

    var phase: String { status?.phase ?? "–" }
    var progress: String { status?.progressPercent.map { "\($0) %" } ?? "–" }
    var pause: String { pauseMilliseconds.map { "\(Text.grouped($0)) ms" } ?? "–" }
    /// On one line, whatever it holds: the table counts its lines.
    var message: String { (status?.message ?? "").split(whereSeparator: \.isNewline).joined(separator: "; ") }
    var rows: Int64 { (status?.databases ?? []).reduce(0) { $0 + ($1.rows?.copied ?? 0) } }

    var ready: String {
        guard let ready = status?[.ready] else { return "–" }
        return "\(ready.status)/\(ready.reason ?? "")"
    }

    /// The table, for a terminal.
    func lines() -> [String] {
        var lines = [
            "\(Text.seconds(elapsed))  \(Text.left(phase, 16)) \(Text.left(progress, 6)) rows \(Text.left(Text.grouped(rows), 10)) pause \(Text.left(pause, 12)) Ready \(ready)",
            "        \(message)",
            "        " + Text.left("database", 20) + Text.left("phase", 14) + Text.right("tables", 8) + Text.right("rows", 11)
                + Text.right("acknowledged", 14) + Text.right("errors", 8),
        ]
        for application in applications {
            let database = status?.databases?.first { $0.name == application.database }
            let tables = database?.tables.map { "\($0.copied)/\($0.total)" } ?? "–"
            lines.append(
                "        " + Text.left(application.database, 20) + Text.left(database?.phase ?? "–", 14) + Text.right(tables, 8)
                    + Text.right(database?.rows.map { Text.grouped($0.copied) } ?? "–", 11) + Text.right(Text.grouped(application.acknowledged), 14)
                    + Text.right(Text.grouped(application.errors), 8))
        }
        return lines
    }

    /// One line, for a log.
    func summary() -> String {
        let errors = applications.reduce(0) { $0 + $1.errors }, acknowledged = applications.reduce(0) { $0 + $1.acknowledged }
        return
            "\(Text.seconds(elapsed))  \(Text.left(phase, 16)) \(Text.left(progress, 6)) rows \(Text.grouped(rows)) · pause \(pause) · Ready \(ready) · "
            + "acknowledged \(Text.grouped(acknowledged)) · errors \(Text.grouped(errors)) · \(message)"
    }

    /// Whether a log wants a line for this after `previous`: a new phase or verdict at once, mere progress once in a while.
    func isNews(after previous: Frame?) -> Bool {
        guard let previous else { return true }
        if phase != previous.phase || ready != previous.ready { return true }
        let isChanged = progress != previous.progress || message != previous.message || rows != previous.rows
        return isChanged && elapsed - previous.elapsed >= .seconds(1)
    }
}

extension Frame {
    /// As it is now.
    init(after elapsed: Duration, _ migration: CurrentMigration, _ load: Load) {
        let applications = load.databases.map { database in
            let results = load.results[database.name]?.snapshot
            return Application(database: database.name, acknowledged: results?.count ?? 0, errors: results?.errors ?? 0)
        }
        self.init(elapsed: elapsed, status: migration.status, pauseMilliseconds: migration.pause(at: .now), applications: applications)
    }
}
