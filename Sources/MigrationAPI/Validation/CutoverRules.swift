import MigrationCore
import StructuredData

enum CutoverRules {
    static func cutover(_ spec: CutoverSpec, databases: [Plan.Database], mode: Plan.Copy.Mode, _ findings: inout Findings) -> Plan.Cutover {
        let path = "spec.cutover"
        let pauseSeconds = pauseSeconds(spec, mode, path, &findings)
        findings.range("\(path).maxLagBytes", spec.maxLagBytes, 0...1_099_511_627_776, unit: "bytes")
        findings.range("\(path).verifySeconds", spec.verifySeconds, 0...600, unit: "seconds")
        refuseLaterParts(spec, path, &findings)
        let poolers = PoolerRules.poolers(spec, databases: databases, mode: mode, path, &findings)
        // Behind poolers nobody needs to read anything; who wants Secrets rewritten as well says who reads them.
        let mayHaveNeither = poolers != nil && spec.connections.isEmpty && spec.workloads.isEmpty
        if spec.connections.isEmpty, !mayHaveNeither {
            findings.add("\(path).connections", "is empty; name the keys of Secrets or ConfigMaps that hold the applications' connection strings")
        }
        if spec.workloads.isEmpty, !mayHaveNeither {
            findings.add("\(path).workloads", "is empty; select the workloads that read those connection strings")
        }
        findings.count("\(path).connections", spec.connections.count, atMost: 64)
        findings.count("\(path).workloads", spec.workloads.count, atMost: 32)
        let names = Set(databases.map(\.name))
        let connections = spec.connections.enumerated().map { index, connection in
            ConnectionRules.connection(connection, databases: names, "\(path).connections[\(index)]", &findings)
        }
        ConnectionRules.refuseRepetition(connections, "\(path).connections", &findings)
        let workloads = spec.workloads.enumerated().map { index, workload in
            self.workload(workload, "\(path).workloads[\(index)]", &findings)
        }
        return Plan.Cutover(
            pauseSeconds: pauseSeconds, connections: connections, workloads: workloads, maxLagBytes: Int64(spec.maxLagBytes),
            verifySeconds: spec.verifySeconds, window: spec.window.map { window($0, "\(path).window", &findings) },
            secretWriter: spec.secretWriter == Plan.SecretWriter.external.rawValue ? .external : nil, poolers: poolers)
    }

    /// Each mode has its own bound of the write pause; the other's must not be mistaken for it. `maxPauseSeconds` has a default, so that
    /// a Snapshot cannot refuse it.
    private static func pauseSeconds(_ spec: CutoverSpec, _ mode: Plan.Copy.Mode, _ path: String, _ findings: inout Findings) -> Int {
        findings.range("\(path).maxPauseSeconds", spec.maxPauseSeconds, 5...3_600, unit: "seconds")
        switch (mode, spec.snapshotPauseSeconds) {
        case (.snapshot, let seconds?):
            findings.range("\(path).snapshotPauseSeconds", seconds, 10...604_800, unit: "seconds")
            return seconds
        case (.snapshot, nil):
            findings.add(
                "\(path).snapshotPauseSeconds", "is missing; copy mode Snapshot needs the longest write pause you accept, which contains the copy")
            return 0
        case (.live, let seconds):
            if seconds != nil {
                findings.add(
                    "\(path).snapshotPauseSeconds",
                    "belongs to copy mode Snapshot; in mode Live remove it, \(path).maxPauseSeconds (\(spec.maxPauseSeconds)) bounds the write pause")
            }
            return spec.maxPauseSeconds
        }
    }

    private static func refuseLaterParts(_ spec: CutoverSpec, _ path: String, _ findings: inout Findings) {
        findings.word("\(path).traffic", spec.traffic, oneOf: ["SecretRollout", "PgBouncer"])
        findings.word("\(path).secretWriter", spec.secretWriter, oneOf: Plan.SecretWriter.allCases.map(\.rawValue))
        if spec.traffic == "PgBouncer", spec.secretWriter == Plan.SecretWriter.external.rawValue {
            findings.add(
                "\(path).secretWriter",
                "External goes with traffic SecretRollout only: clients would wait at the poolers until somebody else has written")
        }
    }

    private static func window(_ spec: WindowSpec, _ path: String, _ findings: inout Findings) -> Plan.Window {
        if spec.schedule.utf8.count > 256 {
            findings.add("\(path).schedule", "is longer than 256 characters")
        } else {
            do {
                _ = try CronSchedule(spec.schedule)
            } catch {
                findings.add("\(path).schedule", "\(error)")
            }
        }
        findings.range("\(path).durationMinutes", spec.durationMinutes, 1...10_080, unit: "minutes")
        if case .unknown(let why) = TimeZones.rules(spec.timeZone) { findings.add("\(path).timeZone", why) }
        return Plan.Window(schedule: spec.schedule, durationMinutes: spec.durationMinutes, timeZone: spec.timeZone)
    }

    private static func workload(_ spec: WorkloadSpec, _ path: String, _ findings: inout Findings) -> Plan.WorkloadSelection {
        let labels = spec.selector.matchLabels
        if labels.isEmpty {
            findings.add("\(path).selector.matchLabels", "is empty and would select every workload; give at least one label")
        }
        findings.count("\(path).selector.matchLabels", labels.count, atMost: 16)
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) where value.utf8.count > 63 {
            findings.add("\(path).selector.matchLabels.\(key)", "is longer than 63 characters, which no label can be")
        }
        findings.later("\(path).selector.matchExpressions", spec.selector.matchExpressions, "selecting by expressions (use matchLabels) is")
        let kinds = Plan.WorkloadSelection.Kind.allCases
        for (index, kind) in spec.kinds.enumerated() { findings.word("\(path).kinds[\(index)]", kind, oneOf: kinds.map(\.rawValue)) }
        if spec.kinds.isEmpty { findings.add("\(path).kinds", "is empty; name the kinds to restart, or leave the field out") }
        findings.range("\(path).order", spec.order, 0...100)
        findings.range("\(path).rolloutSeconds", spec.rolloutSeconds, 10...86_400, unit: "seconds")
        if spec.scaleToZero, spec.kinds.contains("DaemonSet") {
            findings.add("\(path).scaleToZero", "cannot be done with a DaemonSet, which has no replicas; give its kind an entry of its own")
        } else if spec.scaleToZero, !spec.kinds.contains("Deployment"), !spec.kinds.contains("StatefulSet") {
            findings.add("\(path).scaleToZero", "needs kind Deployment or StatefulSet; remove it, or add one of them to kinds")
        }
        findings.later("\(path).clusterRef", spec.clusterRef, "a second cluster is")
        return Plan.WorkloadSelection(
            matchLabels: labels, kinds: kinds.filter { spec.kinds.contains($0.rawValue) }, order: spec.order,
            scaleToZero: spec.scaleToZero, rolloutSeconds: spec.rolloutSeconds)
    }
}
