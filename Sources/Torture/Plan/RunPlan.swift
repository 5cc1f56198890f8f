import MigrationCore

/// Everything about a run that is decided before it starts, made from its seed alone.
public struct RunPlan: Sendable, Hashable {
    public let seed: UInt64
    public let databases: [DatabasePlan]
    public let ending: Ending
    public let injections: [Injection]
    /// `cutover.maxPauseSeconds`; a short one makes undone cutovers.
    let pauseSeconds: Int
    let soakSeconds: Int
    /// `verification.mode`; tables which are written all the time keep the other two busy for a quarter of a minute.
    let verification: String
    /// Apply with goal Ready, and promote when that is reached.
    let stopsAtReady: Bool
    /// `copy.lanes`; small databases have fewer.
    let lanes: Int
    /// How long applications work on a side before the next goal is set.
    let dwellMilliseconds: Int
    /// Part of every name.
    let tag: String

    public init(seed: UInt64) {
        self.seed = seed
        // A copy: what one part draws must not depend on what was added to another.
        var root = SeededGenerator(seed: seed)
        var shape = root.fork()
        var course = root.fork()
        var faults = root.fork()
        var split = root.fork()
        tag = String(seed % 1_679_616, radix: 36)
        let tag = tag
        databases = (1...shape.pick([1, 1, 2, 3])).map { DatabasePlan($0, tag: tag, &shape) }
        let ending = Ending(&course)
        self.ending = ending
        pauseSeconds = course.pick([60, 60, 60, 8])
        soakSeconds = course.int(1...3)
        stopsAtReady = course.chance(40)
        dwellMilliseconds = course.int(500...2500)
        let needsVerifying = ending == .deleted(in: .verifying) || ending == .rolledBackEarly(in: .verifying)
        let verification = course.pick(needsVerifying ? ["Checksum", "RowCount"] : ["None", "None", "Checksum", "RowCount"])
        self.verification = verification
        let path = ending.path.filter { verification != "None" || $0.phase != .verifying }
        lanes = split.int(1...3)
        injections = (0..<faults.int(1...4)).map { _ in Injection(path: path, &faults) }
    }

    /// A readable block.
    public var description: String {
        let lines =
            databases.map(\.description) + [
                "ends \(ending.description); pause at most \(pauseSeconds) s, soak \(soakSeconds) s, verification \(verification), lanes \(lanes), dwell \(dwellMilliseconds) ms"
                    + (stopsAtReady ? ", stops at Ready first" : "")
            ] + injections.map(\.description)
        return "  plan of seed \(seed)\n" + lines.map { "    \($0)" }.joined(separator: "\n")
    }

}
