import FoundationEssentials
public import MigrationCore

/// The system's time zone database.
enum TimeZones {
    private static let folder = "/usr/share/zoneinfo"
    /// In the order of how likely they are to be given; they need no database.
    private static let utc: Set<String> = ["UTC", "Etc/UTC", "Z", "GMT", "Etc/GMT"]

    /// - Returns: the zone's rules, or why there are none, as a sentence without its subject.
    static func rules(_ name: String) -> Fact<ZoneRules> {
        if utc.contains(name) { return .value(.utc) }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let isName =
            name.utf8.count <= 64 && parts.allSatisfy { $0.first?.isASCIIAlphanumeric == true && $0.allSatisfy { $0.isASCIIAlphanumeric || "_+-".contains($0) } }
        guard isName else { return .unknown("'\(name.bounded(64))' is no time zone; give a name such as Africa/Johannesburg") }
        guard let data = try? Data(contentsOf: URL(filePath: "\(folder)/\(name)")) else {
            let why = FileManager.default.fileExists(atPath: folder) ? "is not in the time zone database" : "cannot be looked up: there is no \(folder)"
            return .unknown("'\(name)' \(why); give a name such as Africa/Johannesburg")
        }
        return ZoneRules(Array(data)).map { .value($0) } ?? .unknown("'\(name)' has rules in \(folder) that cannot be read")
    }
}

extension Plan.Window {
    /// Whether the window is open at a moment, and when it opens next.
    public func state(at now: Timestamp) -> Fact<MaintenanceWindow.State> {
        guard let schedule = try? CronSchedule(schedule) else { return .unknown("spec.cutover.window.schedule cannot be read") }
        return TimeZones.rules(timeZone).map { zone in
            MaintenanceWindow(schedule: schedule, zone: zone, durationSeconds: durationMinutes * 60).state(at: now)
        }
    }
}
