import DevCluster
import FoundationEssentials
import Subprocess

/// kubectl, as a person at the terminal would use it.
struct Kubectl: Sendable {
    var state: DevClusterState

    /// What it printed, errors included.
    func run(_ arguments: String...) async -> String {
        do {
            let result = try await Subprocess.run(
                .name("kubectl"), arguments: Arguments(["--kubeconfig", state.kubeconfig, "--request-timeout=10s"] + arguments),
                output: .string(limit: 1 << 20), error: .combinedWithOutput)
            return result.standardOutput
        } catch {
            return "kubectl \(arguments.joined(separator: " ")): \(error)\n"
        }
    }
}

/// Everything worth reading after a story went wrong.
struct Diagnosis: Sendable {
    var kubectl: Kubectl

    func text() async -> String {
        let staging = StagingNames.namespace, system = StagingNames.controllerNamespace
        var sections = [
            ("the migration", await kubectl.run("describe", "databasemigrations", "-n", staging)),
            ("pods", await kubectl.run("get", "pods,jobs", "-A", "-o", "wide")),
            ("events", await kubectl.run("get", "events", "-n", staging, "--sort-by=.lastTimestamp")),
        ]
        for namespace in [system, staging] {
            let pods = await kubectl.run("get", "pods", "-n", namespace, "-o", "name").split(separator: "\n").filter { $0.hasPrefix("pod/") }
            for pod in pods { sections.append(("log of \(pod)", await kubectl.run("logs", "-n", namespace, String(pod), "--tail=40"))) }
        }
        return sections.map { "--- \($0.0)\n\($0.1)" }.joined(separator: "\n")
    }
}
