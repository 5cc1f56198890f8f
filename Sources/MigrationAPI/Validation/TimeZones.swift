// Essentials alone know no zone but UTC.
import Foundation
public import MigrationCore

/// The time zones that Foundation knows; it brings their database with it.
enum TimeZones {
    /// - Returns: the zone's rules, or why there are none, as a sentence without its subject.
    static func rules(_ name: String) -> Fact<ZoneRules> {
        guard let zone = TimeZone(identifier: name) else {
            return .unknown("'\(name.bounded(64))' is no time zone; give a name such as Africa/Johannesburg")
        }
        return .value(ZoneRules { zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double($0))) })
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
