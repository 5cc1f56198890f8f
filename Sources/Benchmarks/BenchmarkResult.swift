/// What a benchmark found: lines for people, and every number for programs.
public protocol BenchmarkResult: Encodable, Sendable {
    /// A few lines, the most important one last.
    var lines: [String] { get }
    /// Whether what was to be reached was reached.
    var isGood: Bool { get }
}
