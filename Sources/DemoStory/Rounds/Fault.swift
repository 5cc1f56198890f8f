import DevCluster
import Glibc

/// What a round of ``RoundsPerformance`` is disturbed with.
enum Fault: Hashable, CaseIterable, CustomStringConvertible {
    /// SIGKILL; its pod starts it again.
    case controllerDies
    /// Every session but those of the applications ends: ours, and those of replication.
    case sessionsEnd(Side)
    /// One of its processes dies by SIGKILL, so that the server ends all sessions and recovers from its log.
    case serverCrashes(Side)

    enum Side: String { case source, target }

    static let allCases: [Fault] = [
        .controllerDies, .sessionsEnd(.source), .serverCrashes(.target), .sessionsEnd(.target), .serverCrashes(.source),
    ]

    var description: String {
        switch self {
        case .controllerDies: "kill -9 to the controller"
        case .sessionsEnd(let side): "end of all sessions of migration and replication on the \(side.rawValue)"
        case .serverCrashes(let side): "crash of the \(side.rawValue)"
        }
    }

    /// - Throws: ``DemoError`` when it did not happen.
    func strike(_ servers: DevServers, applications: [String]) async throws {
        switch self {
        case .controllerDies:
            guard let process = ControllerProcess.find(), kill(process, SIGKILL) == 0 else {
                throw DemoError.program("killing the controller", output: "no process of it was found")
            }
        case .sessionsEnd(let side):
            let users = applications.map { "'\($0)'" }.joined(separator: ", ")
            try await psql(side, servers).run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL AND usename NOT IN (\(users));",
                for: "end sessions")
        case .serverCrashes(let side):
            // The session dies with its server, which is the point.
            _ = try? await psql(side, servers).run("COPY (SELECT 1) TO PROGRAM 'kill -KILL $PPID';", for: "crash the server")
        }
    }

    private func psql(_ side: Side, _ servers: DevServers) -> Psql {
        let server = side == .source ? servers.source : servers.target
        return Psql(server: server, login: server.superuser, database: "postgres")
    }
}

/// A fault, and when it strikes.
struct Disturbance {
    var fault: Fault
    /// In the first of these phases that is seen.
    var phases: [String]
    var delay: Duration

    private static let way = ["Fencing", "Draining", "Switching", "Soaking"]
    private static let delays: [Duration] = [.zero, .milliseconds(100), .milliseconds(300), .milliseconds(700)]

    /// Of the way to the target in round `number`, which counts from 1: in 20 rounds every fault meets each of four phases.
    static func forth(_ number: Int) -> Disturbance {
        Disturbance(fault: Fault.allCases[number % Fault.allCases.count], phases: Array(way.dropFirst(number % way.count)), delay: .zero)
    }

    /// Of the way back: every fault after each delay.
    static func back(_ number: Int) -> Disturbance {
        Disturbance(fault: Fault.allCases[(number + 2) % Fault.allCases.count], phases: ["RollingBack"], delay: delays[number % delays.count])
    }
}
