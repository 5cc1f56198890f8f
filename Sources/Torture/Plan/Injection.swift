import MigrationCore

/// One fault of a run.
public struct Injection: Sendable, Hashable {
    enum Fault: Sendable, Hashable {
        /// kill -9; the process node starts it again.
        case killController
        /// kill -9 to a worker, when one runs.
        case killWorker
        /// SIGSTOP, and SIGCONT after so many milliseconds.
        case pauseController(Int)
        case pauseWorker(Int)
        /// kill -9 to the postmaster or to every process of the server, which is down for so many milliseconds.
        case crash(Server, whole: Bool, Int)
        case pause(Server, Int)
        /// Ends one session of ours or of replication by `pg_terminate_backend`.
        case endSession(Server, Session)
        /// kill -9 to kube-apiserver, which is down for so many milliseconds.
        case crashAPI(Int)
        case pauseAPI(Int)
        /// kill -9 to etcd, which is down for so many milliseconds: the API server answers, and can neither read nor write.
        case crashEtcd(Int)
    }

    enum Server: String, Sendable, Hashable, CaseIterable { case source, target }

    enum Session: String, Sendable, Hashable, CaseIterable {
        case ours = "one of our sessions"
        case walSender = "a walsender"
        case applyWorker = "an apply worker"
    }

    enum Moment: Sendable, Hashable {
        /// So many milliseconds after a phase was entered.
        case phase(PhaseVisit, Int)
        /// So many milliseconds after the migration was applied.
        case time(Int)
    }

    var fault: Fault
    var moment: Moment

    init(path: [PhaseVisit], _ random: inout SeededGenerator) {
        let fault = Fault(&random)
        self.fault = fault
        // Workers run in these phases only.
        let working = path.filter { [.copying, .verifying].contains($0.phase) }
        let path = fault.isAboutWorker && !working.isEmpty ? working : path
        let delay = random.pick([0, 0, 50, 150, 300, 700, 1500])
        moment = random.chance(80) ? .phase(random.pick(path), delay) : .time(random.int(0...15_000))
    }

    var description: String {
        switch moment {
        case .phase(let visit, 0): "\(fault.description) in \(visit.description)"
        case .phase(let visit, let delay): "\(fault.description) in \(visit.description) + \(delay) ms"
        case .time(let delay): "\(fault.description) after \(delay) ms"
        }
    }
}

extension Injection.Fault {
    init(_ random: inout SeededGenerator) {
        let milliseconds = random.int(1000...5000)
        let server = random.pick(Injection.Server.allCases)
        switch random.int(1...100) {
        case ...22: self = .killController
        case ...34: self = .killWorker
        case ...40: self = .pauseController(milliseconds)
        case ...44: self = .pauseWorker(milliseconds)
        case ...60: self = .crash(server, whole: random.chance(50), milliseconds)
        case ...68: self = .pause(server, milliseconds)
        case ...84: self = .endSession(server, random.pick(Injection.Session.allCases))
        case ...92: self = .crashAPI(milliseconds)
        case ...96: self = .pauseAPI(milliseconds)
        default: self = .crashEtcd(milliseconds)
        }
    }

    var isAboutWorker: Bool {
        switch self {
        case .killWorker, .pauseWorker: true
        default: false
        }
    }

    var description: String {
        func seconds(_ milliseconds: Int) -> String {
            "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
        }
        switch self {
        case .killController: return "kill controller"
        case .killWorker: return "kill worker"
        case .pauseController(let time): return "pause controller \(seconds(time))"
        case .pauseWorker(let time): return "pause worker \(seconds(time))"
        case .crash(let server, let whole, let time):
            return "kill \(whole ? "all of " : "")\(server.rawValue) for \(seconds(time))"
        case .pause(let server, let time): return "pause \(server.rawValue) \(seconds(time))"
        case .endSession(let server, let session):
            return "end \(session.rawValue) on \(server.rawValue)"
        case .crashAPI(let time): return "kill API server for \(seconds(time))"
        case .pauseAPI(let time): return "pause API server \(seconds(time))"
        case .crashEtcd(let time): return "kill etcd for \(seconds(time))"
        }
    }
}
