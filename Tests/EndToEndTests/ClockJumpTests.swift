import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    /// libfaketime stands between the controller and the kernel's clock; what measures spans of time is left alone, as it is by a clock that is set.
    @Suite("The controller's clock is set while health decides")
    struct ClockJumpTests {
        enum Jump: String, CaseIterable, Sendable { case back, forward }

        private static let soakSeconds = 5

        @Test("two hours either way: checks go on, and the soak begins anew", arguments: Jump.allCases)
        func jump(_ jump: Jump) async throws {
            let lab = try await Lab.shared()
            let clock = try FakeClock(hours: jump == .back ? 2 : 0)
            try await lab.setControllerVariables(clock.variables)
            let scenario = try await Scenario("clock\(jump)")
            try await scenario.arrange()
            try await scenario.apply { $0["health"]?["soakSeconds"] = .integer(Int64(Self.soakSeconds)) }
            try await scenario.wait("a good check in the soak") { $0.phase == Phase.soaking.rawValue && $0[.healthy]?.status == "True" }
            try clock.set(hours: jump == .back ? 0 : 2)
            let start = ContinuousClock.now
            try await scenario.wait(phase: .promoted, seconds: 60)
            #expect(start.duration(to: .now) > .seconds(Self.soakSeconds - 1))
            try await scenario.end()
            try await lab.setControllerVariables(clock.variables.map { ($0.name, nil) })
        }
    }
}

/// What time a process believes it is.
private struct FakeClock {
    private let file: String
    private let library: String

    init(hours: Int) throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: "/usr/lib").map { "/usr/lib/\($0)/faketime/libfaketime.so.1" }
        guard let found = folders.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw LabError("there is no libfaketime: install Debian's package libfaketime, as hack/test does")
        }
        library = found
        file = FileManager.default.temporaryDirectory.appending(path: "dbmigration-clock-\(UUID().uuidString)").path
        try set(hours: hours)
    }

    func set(hours: Int) throws { try "+\(hours)h".write(toFile: file, atomically: true, encoding: .utf8) }

    var variables: [(name: String, value: String?)] {
        [("LD_PRELOAD", library), ("FAKETIME_TIMESTAMP_FILE", file), ("FAKETIME_NO_CACHE", "1"), ("FAKETIME_DONT_FAKE_MONOTONIC", "1")]
    }
}

extension Lab {
    /// Starts the controller anew with these variables; those without a value are taken away.
    fileprivate func setControllerVariables(_ variables: [(name: String, value: String?)]) async throws {
        let words = variables.map { name, value in value.map { "\(name)=\($0)" } ?? "\(name)-" }
        let arguments = ["--kubeconfig", state.kubeconfig, "set", "env", "deployment/dbmigration", "-n", Self.systemNamespace] + words
        let result = try Self.run(state.binaries + "/kubectl", arguments)
        guard result.status == 0 else { throw LabError("kubectl set env: \(result.output)") }
        try await waitFor(Deployment.self, "dbmigration", Self.systemNamespace, "the new controller", seconds: 60) {
            let status = $0.status
            return status?.observedGeneration == $0.metadata.generation && status?.updatedReplicas == 1 && status?.replicas == 1
                && status?.readyReplicas == 1
        }
    }
}
