import FoundationEssentials
import StructuredData

/// Everything a caller needs to use a running dev cluster, as stored in its state folder (readable by its user only).
public struct DevClusterState: Codable, Sendable {
    public var name: String
    /// The state folder: logs, kubeconfig, data. It goes with the cluster.
    public var folder: String
    /// The process that holds the namespaces, as numbered outside of them. When it dies, everything in the cluster dies.
    public var holder: NamespaceHolder
    /// A kubeconfig of a cluster administrator; works inside the namespaces only.
    public var kubeconfig: String
    /// The API server's address.
    public var server: String
    /// The certificate authority of the API server and of both database servers, PEM.
    public var certificateAuthority: String
    /// The folder with kube-apiserver, etcd, kube-controller-manager and kubectl.
    public var binaries: String
    /// The API server's audit log, one event per line: every request without its content, but for new pods.
    public var auditLog: String
    public var servers: DevServers
    public var images: ImageMap

    /// The variable that names the state file for programs run by `dbmigration dev run`.
    public static let variable = "DBMIGRATION_DEV_STATE"

    /// Reads the state file.
    ///
    /// - Throws: an error of the file system, or `DecodingError`.
    public static func read(from path: String) throws -> Self {
        try JSON.decode(from: Data(contentsOf: URL(filePath: path)))
    }

    /// The cluster this program was started in by `dbmigration dev run`; `nil` outside of any.
    ///
    /// - Parameter environment: this process's by default.
    /// - Throws: when the variable is set and its file cannot be read.
    public static func fromEnvironment(_ environment: [String: String]? = nil) throws -> Self? {
        let environment = environment ?? ProcessInfo.processInfo.environment
        guard let path = environment[variable], !path.isEmpty else { return nil }
        return try read(from: path)
    }
}

/// A process that keeps namespaces alive, with its start time, so that a recycled number is not mistaken for it.
public struct NamespaceHolder: Codable, Sendable, Hashable {
    public var process: Int32
    /// Clock ticks after boot, field 22 of `/proc/PID/stat`.
    public var startTime: UInt64
}

/// The two throw-away database servers.
public struct DevServers: Codable, Sendable {
    public var source: DevServer
    public var target: DevServer
}

/// One throw-away PostgreSQL server: TLS (where both can) and SCRAM for everybody, `wal_level=logical`, `fsync` on.
public struct DevServer: Codable, Sendable {
    /// The name its certificate is for; resolved inside the namespaces.
    public var host: String
    public var address: String
    public var port: Int
    /// A superuser, for tests that arrange and inspect.
    public var superuser: DevLogin
    /// What a managed service gives: CREATEDB, CREATEROLE and REPLICATION, but no superuser.
    public var administrator: DevLogin
    /// The PEM file to verify the server with (`sslrootcert`).
    public var certificateAuthority: String
    /// How to reach it, in libpq's words: `verify-full`, or `prefer` when one of the two servers was built without TLS.
    public var sslMode = "verify-full"
    /// The server's log file.
    public var log: String
}
