/// Somebody who copies a database, in one timed part or several.
protocol CopyContender: Sendable {
    var ways: [CopyWay] { get }
    /// What has to be there before the clock starts: the target database at least.
    func prepare(_ stage: CopyStage) async throws
    /// The timed part; returns when everything is committed on the target.
    ///
    /// - Returns: the most memory its process had, in MiB, where that was watched.
    func run(_ way: CopyWay, _ stage: CopyStage) async throws -> Double?
    /// Nothing of it is left on either server but the target database.
    func end(_ stage: CopyStage) async throws
}

extension CopyContender {
    func prepare(_ stage: CopyStage) async throws { try await stage.makeTarget() }
    func end(_ stage: CopyStage) async throws {}
}

/// In which order contenders run: everyone is first once before anyone is for the second time, so that nobody always profits from what the one before
/// left behind.
func rotated<Element>(_ elements: [Element], round: Int) -> [Element] {
    guard !elements.isEmpty else { return [] }
    let first = round % elements.count
    return Array(elements[first...] + elements[..<first])
}
