import MigrationCore

/// Whether a server has room and settings for the lanes it publishes and subscribes to. Pure.
struct ReplicationChecks: Sendable {
    /// `source host:port`
    var place: String
    var host: String
    var provider: Provider
    /// How many lanes it publishes, of all databases: slots and walsenders.
    var published: Int
    /// How many it subscribes to: origins and workers.
    var subscribed: Int
    /// Walsenders that our own sessions need beside the lanes: they pass a closed fence as walsenders do.
    var ownSenders: Int

    func problems(_ capacity: ReplicationCapacity) -> [PreflightProblem] {
        var problems: [PreflightProblem] = []
        if capacity.isStandby {
            problems.append(
                .init(reason: .serverSettings, message: "\(place) is a standby, which can neither publish nor be written: name its primary"))
        }
        if published > 0, let level = capacity.settings["wal_level"], level.value != "logical" {
            problems.append(
                .init(
                    reason: .serverSettings,
                    message: "wal_level of \(place) is \(level.value), lanes need logical: \(set("wal_level", ["logical"], capacity))"))
        }
        problems += limits(capacity)
        return problems
    }

    private func limits(_ capacity: ReplicationCapacity) -> [PreflightProblem] {
        var wanted = [
            Limit("max_replication_slots", "replication slots", used: capacity.slots, wanted: published),
            Limit("max_wal_senders", "WAL senders", used: capacity.senders, wanted: published + ownSenders),
            Limit("max_logical_replication_workers", "logical replication workers", used: capacity.workers, wanted: subscribed),
            Limit("max_worker_processes", "worker processes", used: capacity.processes, wanted: subscribed),
        ]
        let hasOwnLimit = capacity.settings["max_active_replication_origins"] != nil
        let origins = Limit(
            hasOwnLimit ? "max_active_replication_origins" : "max_replication_slots", "replication origins", used: capacity.subscriptions,
            wanted: subscribed)
        // One parameter, two limits: the larger need says what to set.
        if hasOwnLimit { wanted.append(origins) } else if origins.needed > wanted[0].needed { wanted[0] = origins }
        return wanted.compactMap { limit in
            guard let most = capacity.number(limit.parameter), most < limit.needed, limit.wanted > 0 else { return nil }
            return .init(
                reason: .serverSettings,
                message:
                    "\(place) has \(max(most - limit.used, 0)) free \(limit.what) of \(most), \(limit.wanted) are needed: "
                    + set(limit.parameter, [String(limit.needed)], capacity))
        }
    }

    private struct Limit {
        var parameter: String
        var what: String
        var used: Int
        var wanted: Int
        var needed: Int { used + wanted }

        init(_ parameter: String, _ what: String, used: Int, wanted: Int) {
            self.parameter = parameter
            self.what = what
            self.used = used
            self.wanted = wanted
        }
    }

    func set(_ name: String, _ values: [String], _ capacity: ReplicationCapacity) -> String {
        provider.set(name, to: values, needsRestart: capacity.settings[name]?.needsRestart ?? false, host: host)
    }
}
