import FoundationEssentials
import Glibc
import StructuredData

/// Where a dev cluster keeps its files. The folder is made by `up` and removed by `down`, or by the next `up` or `down`
/// when the cluster was killed.
public struct StateFolder: Sendable, Hashable {
    public let path: String

    /// The folder of the named cluster of this user: `$XDG_RUNTIME_DIR` or `/tmp`, then `dbmigration-dev-<uid>/<name>`.
    ///
    /// - Throws: `DevClusterError.invalidName`.
    public init(name: String, environment: [String: String]? = nil) throws {
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        guard (1...40).contains(name.count), name.allSatisfy(allowed.contains), name.first != "-" else { throw DevClusterError.invalidName(name) }
        path = Self.parent(environment: environment ?? ProcessInfo.processInfo.environment) + "/" + name
    }

    init(path: String) { self.path = path }

    static func parent(environment: [String: String]) -> String {
        let user = getuid()
        // root's runtime folder is closed to the `postgres` user that root's database servers run as.
        let runtime = user == 0 ? nil : environment["XDG_RUNTIME_DIR"]
        let base = runtime.flatMap { FileManager.default.isWritableFile(atPath: $0) ? $0 : nil } ?? "/tmp"
        return "\(base)/dbmigration-dev-\(user)"
    }

    /// The named file or folder inside.
    public func file(_ name: String) -> String { path + "/" + name }

    public var state: String { file("state.json") }
    public var kubeconfig: String { file("kubeconfig") }
    var options: String { file("options.json") }
    var holder: String { file("holder") }
    var sandboxScript: String { file("sandbox.sh") }
    var hosts: String { file("hosts") }
    var certificates: String { file("certificates") }
    var logs: String { file("logs") }
    var pods: String { file("pods") }
    var supervisorLog: String { log(of: "supervisor") }
    var auditLog: String { file("logs/audit.log") }

    /// The log file of a component.
    public func log(of component: String) -> String { "\(logs)/\(component).log" }

    /// Holds the process number of a component that runs.
    func processFile(of component: String) -> String { file("components/\(component).process") }

    /// While it is there, a component that ended is not started again.
    func holdFile(of component: String) -> String { file("components/\(component).held") }

    /// Makes the folder and its parts. Others may pass through (the `postgres` user does), not look around.
    func create() throws {
        for attempt in 1... {
            do {
                for folder in [path, certificates, logs, pods, file("components")] { try Self.makeFolder(folder, mode: 0o711) }
                return
            } catch let error as CocoaError where error.code == .fileNoSuchFile && attempt < Self.attempts {
                // The last of the other clusters has just taken the common parent away.
            }
        }
    }

    private static let attempts = 100

    func remove() throws {
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        // Succeeds only when no other cluster of this user is left.
        _ = unsafe rmdir(parent)
    }

    static func makeFolder(_ path: String, mode: Int) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// The process that holds the cluster's namespaces, when it is alive.
    func livingHolder() -> NamespaceHolder? { recordedHolder().flatMap { $0.isAlive ? $0 : nil } }

    /// What the sandbox's first process wrote about itself.
    func recordedHolder() -> NamespaceHolder? {
        guard let text = Files.text(holder) else { return nil }
        let fields = text.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let process = Int32(fields[0]), let startTime = UInt64(fields[1]) else { return nil }
        return NamespaceHolder(process: process, startTime: startTime)
    }
}

extension NamespaceHolder {
    /// Whether the process still runs (a zombie does not).
    public var isAlive: Bool {
        guard let text = Files.text("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return false }
        // After the name in parentheses: state is field 3, the start time field 22.
        let fields = text[text.index(after: end)...].split(separator: " ")
        return fields.count > 19 && fields[0] != "Z" && fields[0] != "X" && UInt64(fields[19]) == startTime
    }
}
