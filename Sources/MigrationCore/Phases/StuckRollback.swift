/// A rollback that does not come to its end: what is known of both sides, and what is left to do for a person, as commands.
extension Visit {
    /// Entries of ``Record/remaining``, and databases, Secrets or selections that are named one by one.
    private static let namedLimit = 4
    /// Characters of one entry.
    private static let entryLimit = 400

    /// Whether a rollback is no longer merely slow: getting to the open source, or what comes after it, has had the time of a rollout.
    func isStuck(_ plan: Plan) -> Bool {
        now.since(record.rollback?.openedAt ?? record.phaseStartedAt) / 1000 >= Int64(plan.cutover.rolloutSeconds)
    }

    /// The applications have their connection strings and a source that takes writes: what is left is theirs, and nothing is gained by trying for ever.
    mutating func rollbackFails(_ plan: Plan, _ tag: String, _ why: String) -> Decision {
        record.remaining = remaining(plan, tag)
        return fail(.init(.rollbackFailed, "\(why) \(rollbackFacts(plan)) What is left to do is in status.remaining."))
    }

    /// For what cannot be observed.
    mutating func stuckWait(_ plan: Plan, _ tag: String, _ why: String) -> Decision {
        let message = late(plan, tag, why)
        return wait(.observationFailed, message, wake: 2)
    }

    /// As long as the applications have no side to write on, the controller goes on trying, because nobody else may be there; once it is late, it says
    /// what a person could do instead.
    mutating func late(_ plan: Plan, _ tag: String, _ message: String) -> String {
        guard isStuck(plan), !awaitsOpeningUnseen else { return message }
        record.remaining = remaining(plan, tag)
        // The commands open the source by hand, perhaps where the controller does not see it: they and an opened target would make two sides.
        record.fence?.hasOpenedTarget = nil
        return "\(message) \(rollbackFacts(plan)) It is tried again; what a person could do instead is in status.remaining."
    }

    /// Which side takes writes, where the Secrets point, and how far the lanes have come.
    func rollbackFacts(_ plan: Plan) -> String {
        let source = side("source", plan.source, observation.source.map(\.fence), observation.source.whyUnknown)
        let target = side("target", plan.target, observation.target.map(\.fence), observation.target.whyUnknown)
        var facts = [source, target]
        switch observation.secrets {
        case .value(.mixed): facts.append("some Secrets point at the source, some at the target")
        case .value(let side): facts.append("the Secrets point at the \(side.rawValue)")
        case .unknown(let why): facts.append("where the Secrets point is not known (\(why.prefix(100)))")
        }
        if let elsewhere = poolersElsewhere(.source, plan) { facts.append(String(elsewhere.message.prefix(200))) }
        if plan.isLive {
            let lag = observation.reverse.value?.lagBytes.map { ", \($0) bytes behind" } ?? ""
            facts.append(
                lacksWrites(plan) ? "not all that the target took is on the source\(lag)" : "nothing that the target took is missing on the source")
        }
        return "Now: " + facts.joined(separator: "; ") + "."
    }

    /// Live mode: whether the source may not have all yet that the target took.
    private func lacksWrites(_ plan: Plan) -> Bool { plan.isLive && record.rollback?.isCarriedBack != true && record.firstClientWriteAt != nil }

    private func side(_ name: String, _ server: Plan.Server, _ fence: Fact<FenceState>, _ why: String?) -> String {
        switch fence {
        case .value(.open): "the \(name) (\(server.host)) takes writes"
        case .value(.closed): "the \(name) (\(server.host)) is closed"
        case .value(.partial): "the \(name) (\(server.host)) is closed in part"
        case .unknown: "the \(name) (\(server.host)) cannot be observed (\((why ?? "").prefix(100)))"
        }
    }

    private func remaining(_ plan: Plan, _ tag: String) -> [String] {
        var steps: [String] = []
        if observation.source.value?.fence != .open {
            if lacksWrites(plan) {
                steps.append("Waiting for both servers loses nothing; commands that open the source give up writes of the target's that it lacks.")
            }
            if record.targetEpoch != nil, observation.target.value?.fence != .closed {
                steps += each(plan.databases.map(\.targetName)) { name in
                    "First, so that nothing is written twice: \(psql(plan.target, plan.target.maintenanceDatabase)) "
                        + "-c 'ALTER DATABASE \(quoted(name)) CONNECTION LIMIT 0' -c \"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                        + "datname = '\(name.replacingQuotes)' AND backend_type = 'client backend'\""
                }
            }
            steps += each(plan.databases.map(\.name)) { name in
                "\(psql(plan.source, plan.source.maintenanceDatabase)) -c 'ALTER DATABASE \(quoted(name)) CONNECTION LIMIT -1' "
                    + "-c 'ALTER DATABASE \(quoted(name)) RESET default_transaction_read_only' && "
                    + "\(psql(plan.source, name)) -c 'DROP SCHEMA _dbmigration CASCADE'"
            }
        }
        if poolersElsewhere(.source, plan) != nil {
            steps += each(
                (plan.cutover.poolers ?? []).map { "\($0.file.kind.rawValue.lowercased()) \($0.file.name)\u{0}\($0.file.key)\u{0}\($0.name)" }
            ) {
                pooler in
                let names = pooler.split(separator: "\u{0}")
                return
                    "kubectl edit \(names[0]): key \(names[1]) has to lead to \(plan.source.host):\(plan.source.port); then, on each admin console "
                    + "of \(names[2]): RELOAD, and RESUME of each database"
            }
        }
        if record.switchedAt != nil {
            if observation.secrets.value != .source {
                var commands: [String: String] = [:]
                var names: [String] = []
                for (name, command) in plan.cutover.connections.map({ putsBack($0, plan) }) where commands.updateValue(command, forKey: name) == nil {
                    names.append(name)
                }
                steps += each(names) { commands[$0] ?? $0 }
            }
            let verb = observation.workloads.value?.groups.allSatisfy { $0.tag == tag } == true ? "status" : "restart"
            let selected = plan.cutover.workloads.flatMap { selection in
                let labels = selection.matchLabels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
                return selection.kinds.filter(\.restarts).map { "\($0.rawValue.lowercased()) --selector \(labels)" }
            }
            steps += each(selected) { "kubectl rollout \(verb) \($0)" }
        }
        steps.append("Set spec.attempt to \(record.attempt + 1) with spec.goal RolledBack: the controller takes it up again where it stands.")
        return steps.map { String($0.prefix(Self.entryLimit)) }
    }

    /// What an object's connection strings need, under its name. No value is in any status: the command takes them from where they are kept.
    private func putsBack(_ connection: Plan.Connection, _ plan: Plan) -> (name: String, command: String) {
        let object = "\(connection.kind.rawValue.lowercased()) \(connection.name)"
        let original = observation.connections.first { $0.object == "\(connection.kind.rawValue) \(connection.name)" && $0.original != nil }?.original
        if connection.kind == .secret, let original {
            let kept = "$(kubectl get secret \(original) -o jsonpath='{.data}')"
            let command = "kubectl patch \(object) --type merge --patch \"{\\\"data\\\": \(kept)}\""
            if command.count <= Self.entryLimit { return (object, command) }
        }
        let keys = connection.keys.joined(separator: ", ")
        return ("\(object) (\(keys))", "kubectl edit \(object): key \(keys) has to lead to \(plan.source.host):\(plan.source.port)")
    }

    private func each(_ names: [String], _ command: (String) -> String) -> [String] {
        let rest = names.count - Self.namedLimit
        return names.prefix(Self.namedLimit).map(command)
            + (rest > 0 ? ["The same for \(rest) more: \(names.dropFirst(Self.namedLimit).joined(separator: ", ").replacingZeros)"] : [])
    }

    private func psql(_ server: Plan.Server, _ database: String) -> String {
        "psql -h \(server.host) -p \(server.port) -d '\(database.replacingQuotes)'"
    }

    private func quoted(_ name: String) -> String {
        "\"" + name.replacingQuotes.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

extension String {
    /// For between single quotes of SQL and shell alike: a name with one is left to whoever types it.
    fileprivate var replacingQuotes: String { String(map { $0 == "'" ? "?" : $0 }) }
    fileprivate var replacingZeros: String { String(map { $0 == "\u{0}" ? "/" : $0 }) }
}
