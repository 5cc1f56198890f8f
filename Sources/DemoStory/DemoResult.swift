/// How the story ended.
public struct DemoResult: Sendable, Equatable {
    public var phase: String
    public var expectedPhase: String
    public var pauseMilliseconds: Int64
    public var acknowledged: Int
    public var lost: Int
    public var duplicated: Int
    public var errors: Int
    /// What went wrong besides, in words; a story with a problem is a failed one.
    public var problems: [String]

    public init(
        phase: String, expectedPhase: String, pauseMilliseconds: Int64 = 0, acknowledged: Int = 0, lost: Int = 0, duplicated: Int = 0,
        errors: Int = 0,
        problems: [String] = []
    ) {
        self.phase = phase
        self.expectedPhase = expectedPhase
        self.pauseMilliseconds = pauseMilliseconds
        self.acknowledged = acknowledged
        self.lost = lost
        self.duplicated = duplicated
        self.errors = errors
        self.problems = problems
    }

    public var isSuccess: Bool { phase == expectedPhase && lost == 0 && duplicated == 0 && acknowledged > 0 && problems.isEmpty }

    /// The last line of the demo; scripts read it.
    public var line: String {
        "demo: \(phase) · pause \(pauseMilliseconds) ms · acknowledged \(acknowledged) · lost \(lost) · duplicated \(duplicated) · errors \(errors)"
    }
}
