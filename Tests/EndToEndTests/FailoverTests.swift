import Foundation
import KubernetesClient
import KubernetesModel
import MigrationCore
import StructuredData
import Testing

extension EndToEnd {
    @Suite("Of two controllers, the leader is gone in the middle of a live migration, under writes")
    struct FailoverTests {
        enum Loss: String, CaseIterable, Sendable { case killed, frozen }

        @Test("the other takes over within 20 s; nothing is done twice, and one that wakes up again does nothing more", arguments: Loss.allCases)
        func takenOver(_ loss: Loss) async throws {
            let lab = try await Lab.shared()
            try await lab.scaleController(to: 2)
            let (scenario, writer) = try await Scenario.underWrites("failover\(loss.rawValue)", rows: 300_000)
            try await scenario.apply(Scenario.live)
            try await scenario.rowsUnderWay()

            let leader = try await lab.leader()
            let process = try lab.controllerProcess(of: leader)
            let start = ContinuousClock.now
            switch loss {
            case .killed: try lab.kubectl("delete", "pod", leader, "-n", Lab.systemNamespace, "--grace-period=0", "--force")
            case .frozen: try lab.signal("STOP", process)
            }
            try await lab.waitFor(Lease.self, Lab.lease, Lab.systemNamespace, "another leader", seconds: 40) {
                $0.spec?.holderIdentity?.isEmpty == false && $0.spec?.holderIdentity != leader
            }
            #expect(start.duration(to: .now) < .seconds(20))

            try await scenario.wait(phase: .promoted, seconds: 150)
            if loss == .frozen {
                try lab.signal("CONT", process)
                try await until("the old leader to end") { !FileManager.default.fileExists(atPath: "/proc/\(process)") }
            }
            try await until("writes on the target") { writer.acknowledged(on: .target) > 20 }
            await writer.stop()
            try await writer.expectNothingLost(on: .target)
            #expect(try await scenario.jobs().filter { $0.contains("copy") }.count <= 1)
            try await scenario.end()
            try await lab.scaleController(to: 1)
        }
    }
}

extension Lab {
    static let lease = "dbmigration-controller"

    /// Also for the end of a test that has failed, so that the next ones find a controller.
    func wantControllers(_ replicas: Int) throws {
        try kubectl("scale", "deployment/dbmigration", "-n", Self.systemNamespace, "--replicas=\(replicas)")
    }

    func scaleController(to replicas: Int) async throws {
        try wantControllers(replicas)
        try await waitFor(Deployment.self, "dbmigration", Self.systemNamespace, "\(replicas) ready controllers", seconds: 60) {
            ($0.status?.readyReplicas ?? 0) == replicas && ($0.status?.replicas ?? 0) == replicas
        }
    }

    /// The Pod that holds the Lease.
    func leader() async throws -> String {
        let lease = try await waitFor(Lease.self, Self.lease, Self.systemNamespace, "a leader") { $0.spec?.holderIdentity?.isEmpty == false }
        return lease.spec?.holderIdentity ?? ""
    }

    /// The controller's process in a Pod.
    func controllerProcess(of pod: String) throws -> String {
        let found = try Self.run("/usr/bin/pgrep", ["-f", "dbmigration controller"]).output.split(separator: "\n").map(String.init)
        let own = found.first { process in
            let variables = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
            return String(decoding: variables, as: UTF8.self).split(separator: "\0").contains("POD_NAME=\(pod)")
        }
        guard let own else { throw LabError("no controller process has POD_NAME=\(pod); looked at \(found)") }
        return own
    }

    func signal(_ signal: String, _ process: String) throws {
        let sent = try Self.run("/bin/kill", ["-\(signal)", process])
        guard sent.status == 0 else { throw LabError("kill -\(signal) \(process): \(sent.output)") }
    }
}
