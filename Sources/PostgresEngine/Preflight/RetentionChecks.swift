import MigrationCore

extension ReplicationChecks {
    /// Less than this and a short stall of a lane costs the whole copy.
    static let leastRetainedMiB = 2048
    /// PostgreSQL's default is 60 s; CloudNativePG's 5 s have ended lanes whose other end was only busy.
    static let leastTimeoutMilliseconds = 10_000

    /// Whether a slot survives a stall, and whether a dead peer is noticed. Pure.
    func retention(_ capacity: ReplicationCapacity, maxRetainedWALMiB: Int) -> [PreflightProblem] {
        var problems: [PreflightProblem] = []
        if published > 0 {
            problems += retained(capacity, least: max(Self.leastRetainedMiB, maxRetainedWALMiB))
            problems += timeout("wal_sender_timeout", capacity)
            problems += plugins(capacity)
        }
        if subscribed > 0 { problems += timeout("wal_receiver_timeout", capacity) }
        return problems
    }

    private func retained(_ capacity: ReplicationCapacity, least: Int) -> [PreflightProblem] {
        var problems: [PreflightProblem] = []
        // -1 is no limit.
        if let kept = capacity.number("max_slot_wal_keep_size"), kept >= 0, kept < least {
            problems.append(
                .init(
                    reason: .serverSettings,
                    message:
                        "max_slot_wal_keep_size of \(place) is \(kept) MiB: a slot of ours would be lost before it holds \(least) MiB (the larger of 2048 and copy.maxRetainedWALMiB): "
                        + set("max_slot_wal_keep_size", [String(least)], capacity)))
        }
        if let idle = capacity.settings["idle_replication_slot_timeout"], idle.value != "0" {
            problems.append(
                .init(
                    reason: .serverSettings,
                    message:
                        "idle_replication_slot_timeout of \(place) is \(idle.value) s: it would drop a slot of ours that waits for the copy or for the switch: "
                        + set("idle_replication_slot_timeout", ["0"], capacity)))
        }
        return problems
    }

    private func timeout(_ name: String, _ capacity: ReplicationCapacity) -> [PreflightProblem] {
        guard let milliseconds = capacity.number(name), milliseconds < Self.leastTimeoutMilliseconds else { return [] }
        let effect = milliseconds == 0 ? "off, so that a dead peer is never noticed" : "\(milliseconds) ms, which ends lanes that are only busy"
        return [.init(reason: .serverSettings, message: "\(name) of \(place) is \(effect): \(set(name, ["60000"], capacity))")]
    }

    /// The minor releases of August 2026 allow named plugins only; a path to the same library is not its name.
    private func plugins(_ capacity: ReplicationCapacity) -> [PreflightProblem] {
        guard let list = capacity.settings["output_plugin_libraries"]?.value else { return [] }
        let allowed = list.split(separator: ",").map { $0.filter { $0 != "\"" && $0 != " " } }.filter { !$0.isEmpty }
        guard !allowed.contains("pgoutput") else { return [] }
        return [
            .init(
                reason: .serverSettings,
                message: "output_plugin_libraries of \(place) does not allow pgoutput: "
                    + set("output_plugin_libraries", allowed.map { String($0) } + ["pgoutput"], capacity))
        ]
    }
}
