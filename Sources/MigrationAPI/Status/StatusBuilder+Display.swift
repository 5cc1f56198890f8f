import KubernetesModel
import MigrationCore

extension StatusBuilder {
    static let mismatchLimit = 20

    /// Progress of the databases, the last known one of this attempt when there is none now, with the lanes seen now.
    static func databases(_ input: StatusInput) -> [DatabaseStatus]? {
        var databases = input.observation.progress.prefix(DatabaseRules.limit).map(DatabaseStatus.init)
        if databases.isEmpty { databases = input.previousOfAttempt?.databases ?? [] }
        if databases.isEmpty, input.plan?.isLive == true {
            databases = (input.plan?.databases ?? []).map { DatabaseStatus(name: $0.name.bounded(63), lanes: lanes(of: $0.name, input.observation)) }
                .filter { $0.lanes != nil }
        }
        for index in databases.indices { databases[index].lanes = lanes(of: databases[index].name, input.observation) }
        return databases.isEmpty ? nil : databases
    }

    static func endpoints(_ record: Record) -> [EndpointStatus]? {
        let names = Set(record.checks.keys).union((record.baselines ?? [:]).keys)
        guard !names.isEmpty else { return nil }
        return names.sorted().prefix(64).map { name in
            let state = record.checks[name]
            return EndpointStatus(
                name: name.bounded(63), verdict: state?.verdict.rawValue, consecutive: state.map { Int64(max(0, $0.streak)) },
                failures: state?.failures.map { Int64(max(0, $0)) }, lastResult: state?.message.bounded(512),
                baseline: record.baselines?[name]?.description.bounded(64))
        }
    }

    /// The write pause begins when the source's fence is closed. It ends with the first client write on the target or, on the way back, when
    /// the source is open again; the latter is seen at a visit, so it is an upper bound.
    static func cutover(_ input: StatusInput) -> CutoverStatus? {
        let record = input.record
        var previous = input.previousOfAttempt?.cutover
        previous?.connections = nil
        previous?.reverseLane = reverseLane(input)
        guard let fence = record.fence else {
            previous?.nextWindowAt = nil
            var cutover = previous.map { ended($0, at: input.now) }
            if let next = nextWindow(input) {
                cutover = cutover ?? CutoverStatus()
                cutover?.nextWindowAt = next
            }
            if let connections = connections(input) {
                cutover = cutover ?? CutoverStatus()
                cutover?.connections = connections
            }
            return cutover
        }
        var cutover = CutoverStatus(
            startedAt: fence.decidedAt.microTime, closedAt: fence.closedAt?.microTime, switchedAt: record.switchedAt?.microTime,
            firstClientWriteAt: record.firstClientWriteAt?.microTime, fenceEvidence: fence.evidence?.bounded(1_024),
            fenceLSN: fence.position?.description, reverseLane: reverseLane(input), connections: connections(input))
        if let closedAt = fence.closedAt, let writeAt = record.firstClientWriteAt {
            cutover.pauseMilliseconds = max(0, writeAt.since(closedAt))
        } else if previous?.startedAt == cutover.startedAt, let known = previous?.pauseMilliseconds {
            cutover.pauseMilliseconds = known
        } else if let source = input.observation.source.value, source.fence == .open, source.epoch > fence.epoch {
            cutover = ended(cutover, at: input.now)
        }
        return cutover
    }

    static let connectionLimit = 128

    /// What others have to write, while it can be told: before the cutover and in it for the target, on the way back for the source.
    private static func connections(_ input: StatusInput) -> [ConnectionStatus]? {
        guard input.plan?.cutover.isWrittenOutside == true else { return nil }
        // Whoever wrote it before it is asked for could send applications to a source that is still closed.
        guard input.record.phase != .rollingBack || input.record.awaited != nil else { return nil }
        let side: Side = input.record.phase == .rollingBack ? .source : .target
        let values = input.observation.connections.prefix(connectionLimit).map { value in
            let words = value.object.split(separator: " ", maxSplits: 1).map(String.init)
            return ConnectionStatus(
                kind: words.first ?? "", name: words.last ?? "", key: value.key, wanted: side.rawValue,
                held: value.state == (side == .source ? .source : .target), digest: value.digests[side])
        }
        return values.isEmpty ? nil : values
    }

    private static func nextWindow(_ input: StatusInput) -> MicroTime? {
        guard input.record.phase.mayCutOver, let window = input.plan?.cutover.window else { return nil }
        return window.state(at: input.now).value?.nextAt?.microTime
    }

    private static func ended(_ cutover: CutoverStatus, at now: Timestamp) -> CutoverStatus {
        var cutover = cutover
        if cutover.pauseMilliseconds == nil, let closedAt = cutover.closedAt {
            cutover.pauseMilliseconds = max(0, now.milliseconds - closedAt.microsecondsSince1970 / 1_000)
        }
        return cutover
    }
}

extension Phase {
    /// Whether a cutover is still to come.
    fileprivate var mayCutOver: Bool {
        switch self {
        case .pending, .preflight, .provisioning, .backingUp, .copying, .seeding, .replicating, .verifying, .awaitingCutover: true
        case .fencing, .draining, .switching, .soaking, .promoted, .cleaningUp, .completed, .rollingBack, .rolledBack, .failed: false
        }
    }
}

extension DatabaseStatus {
    init(_ progress: DatabaseProgress) {
        let mismatches = progress.mismatches.prefix(StatusBuilder.mismatchLimit).map { $0.bounded(256) }
        self.init(
            name: progress.name.bounded(63), phase: progress.phase.bounded(32),
            tables: Tables(
                total: Int64(max(0, progress.tablesTotal)), copied: Int64(max(0, progress.tablesCopied)),
                verified: Int64(max(0, progress.tablesVerified))),
            bytes: Bytes(total: max(0, progress.bytesTotal), copied: max(0, progress.bytesCopied)), rows: Rows(copied: max(0, progress.rowsCopied)),
            mismatches: mismatches.isEmpty ? nil : mismatches)
    }
}

extension TimelineEntry {
    init(_ visit: Record.Visit) {
        self.init(
            phase: visit.phase.rawValue, startedAt: visit.startedAt.microTime, finishedAt: visit.finishedAt?.microTime, reason: visit.reason?.rawValue
        )
    }
}
