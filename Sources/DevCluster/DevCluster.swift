import FoundationEssentials
import StructuredData
import Subprocess

/// A running dev cluster: a real control plane, a process node and two PostgreSQL servers, in namespaces of their own.
///
/// Everything inside dies with the namespaces' first process; nothing of it can outlive a `stop`, a Ctrl-C or a `kill -9`.
public struct DevCluster: Sendable {
    /// How to reach and enter it.
    public let state: DevClusterState

    /// Starts a cluster that runs on after this process ended, until `stop`.
    ///
    /// - Parameter program: the `dbmigration` executable, which supervises the cluster from inside.
    /// - Throws: `DevClusterError`; nothing is left running then.
    public static func start(_ options: DevClusterOptions, program: String) async throws -> DevCluster {
        let folder = try await prepare(options)
        // The shell ends at once; setsid keeps the terminal's Ctrl-C away from the cluster.
        let script = #"log=$1; shift; setsid "$@" </dev/null >>"$log" 2>&1 &"#
        let command = Sandbox.command(folder: folder, attached: false, supervisor: supervisor(program, folder))
        do {
            try await Command.run(["sh", "-c", script, "sh", folder.supervisorLog] + command)
            return DevCluster(state: try await waitUntilReady(folder, options))
        } catch {
            _ = try? await Self.stop(folder)
            throw error
        }
    }

    /// Starts a cluster, gives it to `body`, and stops it when `body` ends. The cluster also ends when this process dies.
    public static func run<Value: Sendable>(
        _ options: DevClusterOptions, program: String, _ body: @Sendable (DevCluster) async throws -> Value
    ) async throws -> Value {
        let folder = try await prepare(options)
        let command = Sandbox.command(folder: folder, attached: true, supervisor: supervisor(program, folder))
        let script = #"log=$1; shift; exec setsid -w "$@" >>"$log" 2>&1"#
        do {
            let result = try await Subprocess.run(
                .name("sh"), arguments: Arguments(["-c", script, "sh", folder.supervisorLog] + command), environment: .init(Command.environment()),
                // The sandbox lives as long as this pipe is open.
                input: .inputWriter, output: .discarded, error: .discarded
            ) { execution in
                let value = try await body(DevCluster(state: waitUntilReady(folder, options)))
                try await execution.standardInputWriter.finish()
                return value
            }
            _ = try await Self.stop(folder)
            return result.closureResult
        } catch {
            _ = try? await Self.stop(folder)
            throw error
        }
    }

    /// The running cluster of this name.
    ///
    /// - Throws: `DevClusterError.notRunning`.
    public static func running(name: String) throws -> DevCluster {
        let folder = try StateFolder(name: name)
        guard folder.livingHolder() != nil, let state = try? DevClusterState.read(from: folder.state) else {
            throw DevClusterError.notRunning(name: name)
        }
        return DevCluster(state: state)
    }

    /// Stops the named cluster and removes its folder; also removes what a killed one left.
    ///
    /// - Returns: whether one ran.
    @discardableResult
    public static func stop(name: String) async throws -> Bool {
        try await stop(StateFolder(name: name))
    }

    /// Stops this cluster and removes its folder.
    public func stop() async throws { _ = try await Self.stop(StateFolder(path: state.folder)) }

    /// The command line that runs `command` inside the cluster's namespaces. Pass `environment` along.
    public func entering(_ command: [String]) -> [String] { Sandbox.enter(state.holder, command) }

    /// The variables for programs that run inside: kubeconfig, state file, and kubectl on the PATH.
    public var environment: [String: String] {
        var environment = Command.environment()
        environment["PATH"] = "\(state.binaries):\(environment["PATH"] ?? "")"
        environment["KUBECONFIG"] = state.kubeconfig
        environment[DevClusterState.variable] = StateFolder(path: state.folder).state
        return environment
    }

    private static func supervisor(_ program: String, _ folder: StateFolder) -> [String] { [program, "dev", "supervise", folder.path] }

    /// Checks the machine, clears what a killed cluster left, and writes the options for the supervisor.
    private static func prepare(_ options: DevClusterOptions) async throws -> StateFolder {
        let folder = try StateFolder(name: options.name)
        guard folder.livingHolder() == nil else { throw DevClusterError.alreadyRunning(name: options.name) }
        _ = try ControlPlaneBinaries.find()
        for named in [options.postgres.source, options.postgres.target] { _ = try await PostgresBinaries.find(named) }
        try await Sandbox.check()
        try folder.remove()
        try folder.create()
        try Files.write(SandboxScript.text, to: folder.sandboxScript)
        try HostsFile().write(to: folder.hosts)
        try Files.write(JSON.text(options, pretty: true), to: folder.options)
        return folder
    }

    private static func waitUntilReady(_ folder: StateFolder, _ options: DevClusterOptions) async throws -> DevClusterState {
        let started = ContinuousClock.now
        var failed = false
        try await poll("the dev cluster", within: .seconds(options.deadlineSeconds), log: { Files.tail(folder.supervisorLog) }) {
            if FileManager.default.fileExists(atPath: folder.state) { return true }
            // The holder's file appears within a second; when its process is gone after that, the start failed.
            failed = folder.livingHolder() == nil && (FileManager.default.fileExists(atPath: folder.holder) || .now - started > .seconds(10))
            return failed
        }
        guard !failed else {
            throw DevClusterError.componentEnded(
                name: "the dev cluster's supervisor", status: "before it was ready", log: Files.tail(folder.supervisorLog))
        }
        return try DevClusterState.read(from: folder.state)
    }

    private static func stop(_ folder: StateFolder) async throws -> Bool {
        let holder = folder.livingHolder()
        if let holder {
            // Its first process is all it takes: the kernel kills the rest before that one is gone.
            _ = try? await Command.run(["kill", "-9", "\(holder.process)"])
            try await poll("the end of the dev cluster", within: .seconds(30), log: { "" }) { !holder.isAlive }
        }
        try folder.remove()
        return holder != nil
    }
}
