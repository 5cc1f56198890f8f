import DevCluster
import FoundationEssentials
import Glibc
import MigrationCore
import Synchronization

/// Performs a run's injections at their moments.
struct Injector: Sendable {
    let cluster: Cluster
    let migration: MigrationWatch
    let reports = Reports()

    /// What was done, for the run's line.
    final class Reports: Sendable {
        private let strikes = Mutex<[Int: (phase: String, line: String)]>([:])
        func set(_ index: Int, in phase: String, _ line: String) { strikes.withLock { $0[index] = (phase, line) } }
        func line(_ index: Int) -> String? { strikes.withLock { $0[index]?.line } }
        /// Whether anything was struck in this phase.
        func struck(_ phase: Phase) -> Bool { strikes.withLock { $0.values.contains { $0.phase == phase.rawValue } } }
    }

    /// Waits for each moment and strikes; cancelled when the run is over. A strike that has begun is always brought to its end.
    func run(_ injections: [Injection]) async {
        let start = ContinuousClock.now
        await withTaskGroup { group in
            for (index, injection) in injections.enumerated() {
                group.addTask {
                    guard await moment(injection.moment, start) else { return }
                    let (phase, time) = (migration.phase, ContinuousClock.now - start)
                    // A task of its own: what is stopped has to go on again.
                    let struck = await Task { await strike(injection.fault) }.value
                    reports.set(
                        index, in: phase,
                        "\(injection.fault.description) in \(phase) at \(time.components.seconds) s\(struck ? "" : " (nothing there)")"
                    )
                }
            }
        }
    }

    private func moment(_ moment: Injection.Moment, _ start: ContinuousClock.Instant) async -> Bool {
        switch moment {
        case .time(let milliseconds):
            return (try? await Task.sleep(until: start + .milliseconds(milliseconds), clock: .continuous))
                != nil
        case .phase(let visit, let milliseconds):
            while migration.visits(visit.phase) < visit.count {
                guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return false }
            }
            return (try? await Task.sleep(for: .milliseconds(milliseconds))) != nil
        }
    }

    /// Returns false when there was nothing to strike.
    private func strike(_ fault: Injection.Fault) async -> Bool {
        switch fault {
        case .killController: return signal(SIGKILL, Processes.ours("controller"))
        case .killWorker: return signal(SIGKILL, await appearing { Processes.ours("worker") })
        case .pauseController(let time): return await pause(Processes.ours("controller"), time)
        case .pauseWorker(let time): return await pause(appearing { Processes.ours("worker") }, time)
        case .crash(let server, let whole, let time):
            return await crash(server.component, whole: whole, time)
        case .pause(let server, let time): return await pause(family(server.component), time)
        case .endSession(let server, let session): return await end(session, on: server)
        case .crashAPI(let time): return await crash(.apiServer, whole: false, time)
        case .pauseAPI(let time): return await pause(family(.apiServer), time)
        case .crashEtcd(let time): return await crash(.etcd, whole: false, time)
        }
    }

    /// What is about to be started is waited for, for a moment.
    private func appearing(_ look: () -> [Int32]) async -> [Int32] {
        for _ in 0..<150 {
            let found = look()
            if !found.isEmpty { return found }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return []
    }

    private func family(_ component: DevComponents.Name) -> [Int32] {
        cluster.components.process(component).map(Processes.family) ?? []
    }

    private func signal(_ signal: Int32, _ processes: [Int32]) -> Bool {
        Processes.send(signal, to: processes)
        return !processes.isEmpty
    }

    private func pause(_ processes: [Int32], _ milliseconds: Int) async -> Bool {
        guard signal(SIGSTOP, processes) else { return false }
        try? await Task.sleep(for: .milliseconds(milliseconds))
        return signal(SIGCONT, processes)
    }

    private func crash(_ component: DevComponents.Name, whole: Bool, _ milliseconds: Int) async
        -> Bool
    {
        guard let process = cluster.components.process(component) else { return false }
        try? cluster.components.hold(component)
        let struck = signal(SIGKILL, whole ? Processes.family(of: process) : [process])
        try? await Task.sleep(for: .milliseconds(milliseconds))
        cluster.components.release(component)
        return struck
    }

    private func end(_ session: Injection.Session, on server: Injection.Server) async -> Bool {
        let which =
            switch session {
            case .ours: "application_name LIKE 'dbmigration%' AND backend_type = 'client backend'"
            case .walSender: "backend_type = 'walsender'"
            case .applyWorker: "backend_type = 'logical replication worker'"
            }
        let text =
            "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE \(which) ORDER BY backend_start, pid LIMIT 1) one"
        for _ in 0..<20 {
            if let rows = try? await cluster.rows(
                server == .source ? .source : .target, "postgres", text), !rows.isEmpty
            {
                return true
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
        return false
    }
}

extension Injection.Server {
    var component: DevComponents.Name { self == .source ? .source : .target }
}
