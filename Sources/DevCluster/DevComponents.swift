import FoundationEssentials
import Glibc

/// The programs of a cluster that was started with ``DevClusterOptions/restartsComponents``, for who breaks them on purpose.
/// Use it inside the cluster: process numbers are those of its own namespace, in which no process of anybody else can be met.
public struct DevComponents: Sendable {
    /// What can be broken and comes back with all it had stored.
    public enum Name: String, Sendable, Hashable, CaseIterable {
        case etcd
        case apiServer = "kube-apiserver"
        case source = "postgres-source"
        case target = "postgres-target"
    }

    private let folder: StateFolder

    /// - Throws: ``DevClusterError/notRunning(name:)`` when this process does not run inside the cluster.
    public init(_ state: DevClusterState) throws {
        folder = StateFolder(path: state.folder)
        // The first process of the namespace runs the sandbox's script of this very cluster.
        guard let first = Files.text("/proc/1/cmdline"), first.split(separator: "\0").contains(Substring(folder.sandboxScript)) else {
            throw DevClusterError.notRunning(name: state.name)
        }
    }

    /// The program's process; `nil` while it is down.
    public func process(_ name: Name) -> Int32? {
        Files.text(folder.processFile(of: name.rawValue)).flatMap { Int32($0.trimmedLines) }
    }

    /// From now on the program is not started again when it ended.
    ///
    /// - Throws: an error of the file system.
    public func hold(_ name: Name) throws { try Files.write("", to: folder.holdFile(of: name.rawValue)) }

    /// Ends ``hold(_:)``; doing it twice is harmless.
    public func release(_ name: Name) { _ = unsafe unlink(folder.holdFile(of: name.rawValue)) }
}
