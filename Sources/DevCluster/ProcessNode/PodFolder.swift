import FoundationEssentials
import KubernetesModel

/// Where a pod's files are: volumes, logs of every run, termination messages. Removed with the pod.
struct PodFolder: Sendable {
    let path: String

    init(_ pod: Pod, in folder: StateFolder) { path = "\(folder.pods)/\(pod.namespace ?? "")_\(pod.name)_\(pod.uid ?? "")" }

    func volume(_ name: String) -> String { "\(path)/volumes/\(name)" }
    func log(_ container: String, run: Int) -> String { "\(path)/containers/\(container)/\(run).log" }
    func terminationMessage(_ container: String, run: Int) -> String { "\(path)/containers/\(container)/\(run).message" }

    func create(containers: [String]) throws {
        try StateFolder.makeFolder(path, mode: 0o711)
        for folder in ["volumes"] + containers.map({ "containers/\($0)" }) { try StateFolder.makeFolder("\(path)/\(folder)", mode: 0o755) }
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// The log file of a container's newest run, or with `previous` of the run before.
    static func newestLog(in folder: StateFolder, namespace: String, pod: String, container: String?, previous: Bool = false) -> String? {
        let manager = FileManager.default
        let pods = (try? manager.contentsOfDirectory(atPath: folder.pods)) ?? []
        // Neither a namespace nor a pod name can hold an underscore.
        guard let found = pods.first(where: { $0.hasPrefix("\(namespace)_\(pod)_") }) else { return nil }
        let containers = "\(folder.pods)/\(found)/containers"
        guard let name = container ?? (try? manager.contentsOfDirectory(atPath: containers))?.sorted().first else { return nil }
        let runs = ((try? manager.contentsOfDirectory(atPath: "\(containers)/\(name)")) ?? []).filter { $0.hasSuffix(".log") }
        let newest = runs.compactMap { Int($0.dropLast(4)) }.sorted().dropLast(previous ? 1 : 0).last
        return newest.map { "\(containers)/\(name)/\($0).log" }
    }
}
