import FoundationEssentials
import Glibc
import StructuredData
import Subprocess

extension DevCluster {
    /// Runs a command inside with this process's standard streams, and gives its exit code (128 + n for signal n).
    public func execute(_ command: [String]) async throws -> Int32 {
        let entering = entering(command)
        let result = try await Subprocess.run(
            .name(entering[0]), arguments: Arguments(Array(entering.dropFirst())), environment: .init(environment), input: .currentStandardInput,
            output: .currentStandardOutput, error: .currentStandardError)
        switch result.terminationStatus {
        case .exited(let code): return code
        case .signaled(let signal): return 128 + signal
        }
    }

    /// Becomes a command inside the cluster; terminals and exit codes are then the command's own. Returns only by an error.
    ///
    /// - Throws: `DevClusterError.missing` when nsenter cannot be run.
    public func replaceProcess(with command: [String], adding variables: [String: String] = [:]) throws {
        for (name, value) in environment.merging(variables, uniquingKeysWith: { $1 }) { unsafe setenv(name, value, 1) }
        let words = entering(command)
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        unsafe execvp(words[0], &arguments)
        throw DevClusterError.missing(what: "the program nsenter", remedy: "install the package util-linux")
    }

    /// The state file's text, passwords included.
    public func stateText() throws -> String { try JSON.text(state, pretty: true) }

    /// The newest log file of a pod's container.
    ///
    /// - Throws: `DevClusterError.missing` when there is none.
    public func logFile(namespace: String, pod: String, container: String?) throws -> String {
        let folder = StateFolder(path: state.folder)
        guard let file = PodFolder.newestLog(in: folder, namespace: namespace, pod: pod, container: container) else {
            throw DevClusterError.missing(
                what: "a log of pod \(namespace)/\(pod)", remedy: "it may not have started: dbmigration dev kubectl describe pod")
        }
        return file
    }
}
