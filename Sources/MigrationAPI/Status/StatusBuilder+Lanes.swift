public import MigrationCore

/// What a status shows of the lanes: only what was seen on this visit, because an old lag is worse than none.
extension StatusBuilder {
    /// In force between the two servers: backwards once the target may have been opened, until everything is back.
    static func direction(_ record: Record) -> Direction {
        let isSwitched = record.targetEpoch != nil || record.switchedAt != nil
        return isSwitched && record.rollback?.isCarriedBack != true ? .reverse : .forward
    }

    /// The largest of the lanes'; `nil` while one is not known.
    static func lagBytes(_ input: StatusInput) -> Int64? {
        guard input.plan?.isLive == true else { return nil }
        return input.observation[direction(input.record)].value?.lagBytes.map { max(0, $0) }
    }

    static func lagSeconds(_ input: StatusInput) -> Int64? {
        guard input.plan?.isLive == true else { return nil }
        return input.observation[direction(input.record)].value?.lagMilliseconds.map { max(0, $0) / 1000 }
    }

    /// Of both directions, without those of which nothing exists.
    static func lanes(of database: String, _ observation: Observation) -> [LaneStatus]? {
        let lanes = Direction.allCases.flatMap { direction in
            (observation[direction].value?.lanes ?? []).filter { $0.database == database && ($0.stage > .absent || $0.loss != nil) }
                .map { LaneStatus(direction, $0) }
        }
        return lanes.isEmpty ? nil : lanes
    }

    /// How far the way back has come; nothing where the plan keeps none.
    static func reverseLane(_ input: StatusInput) -> String? {
        guard input.plan?.keepsReverseLane == true else { return nil }
        return input.observation.reverse.value?.stage.word
    }
}

extension Observation {
    subscript(_ direction: Direction) -> Fact<ReplicationState> { direction == .forward ? forward : reverse }
}

extension LaneStatus {
    init(_ direction: Direction, _ lane: LaneState) {
        self.init(
            direction: direction.label, number: lane.number, stage: lane.stage.word, streaming: lane.isStreaming,
            lagBytes: lane.lagBytes.map { max(0, $0) }, lagSeconds: lane.lagMilliseconds.map { max(0, $0) / 1000 },
            retainedBytes: lane.retainedBytes.map { max(0, $0) },
            trouble: (lane.loss ?? lane.trouble)?.bounded(256))
    }
}

extension LaneState.Stage {
    /// As a status has it.
    var word: String {
        switch self {
        case .absent: "Absent"
        case .slotted: "Slotted"
        case .connected: "Connected"
        case .running: "Running"
        }
    }
}

extension Direction {
    /// As a lane's status and the metrics say it.
    public var label: String { self == .forward ? "Forward" : "Reverse" }
}
