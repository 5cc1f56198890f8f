import Glibc

/// Many runs, one after the other, on one dev cluster.
public struct Torture: Sendable {
    /// The variable that makes a debug build of the controller open the target before it advances the reverse slots.
    public static let lossSwitch = "DBMIGRATION_TEST_UNFENCE_FIRST"

    /// The first run's; each further one has the next number.
    public var seed: UInt64
    public var runs: Int
    /// The repository's `manifests` folder.
    public var manifests: String
    /// Where what is needed to look into a failed run is kept.
    public var evidence: String
    /// The controller loses writes on purpose: runs end at the first loss.
    public var proves: Bool
    /// For what hangs: seconds for each single wait.
    public var limitSeconds: Int

    public init(
        seed: UInt64, runs: Int, manifests: String, evidence: String, proves: Bool, limitSeconds: Int
    ) {
        self.seed = seed
        self.runs = runs
        self.manifests = manifests
        self.evidence = evidence
        self.proves = proves
        self.limitSeconds = limitSeconds
    }

    /// Runs, and tells about every run on standard output.
    ///
    /// - Throws: ``TortureError`` when it could not begin.
    public func run() async throws -> TortureResult {
        let cluster = try Cluster()
        say(
            "torture: seed \(seed), \(runs) runs\(proves ? ", with a controller that opens the target too early" : "")"
        )
        try await cluster.install(manifests: manifests, switches: proves ? [Self.lossSwitch: "1"] : [:])
        var total = TortureResult()
        for number in 1...max(1, runs) {
            let plan = RunPlan(seed: seed &+ UInt64(number - 1))
            say(plan.description)
            let result = await Run(plan, cluster, limit: limitSeconds, evidence: evidence).perform()
            total.add(result, seed: plan.seed)
            say("  way: \(result.way)")
            say(result.line(number, plan))
            for problem in result.problems { say("  problem: \(problem)") }
            if !result.isGood {
                say(
                    "  evidence: \(evidence)/seed-\(plan.seed); again: hack/torture --seed \(plan.seed) --runs 1\(proves ? " --prove" : "")"
                )
            }
            if proves, result.lost > 0 { break }
        }
        say(total.line)
        return total
    }

    private func say(_ text: String) {
        print(text)
        // Whoever reads this through a pipe reads along.
        fflush(nil)
    }
}
