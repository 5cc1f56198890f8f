import DevCluster
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationAPI
import StructuredData

/// A staging environment with three databases under load is moved to a new server, by nothing but the operator.
///
/// Runs inside a dev cluster. The controller, its workers and the applications are pods; the story itself plays the people: the one
/// who set the environment up, the users, and the one who applies a `DatabaseMigration` and watches it.
public struct Story: Sendable {
    public enum Variant: String, Sendable, CaseIterable {
        /// Replicated live, switched within seconds.
        case live
        /// The same, and after it people change their mind: all goes back, with what was written meanwhile.
        case rollback
        /// Copied within the write pause.
        case snapshot
        /// Behind PgBouncer, forth and back several times; nobody is restarted, and nobody sees an error.
        case pgbouncer
    }

    public var variant: Variant
    /// The repository's `manifests` folder.
    public var manifests: String
    /// Time for the whole story, in seconds; 180 by default.
    public var deadlineSeconds: Int
    /// How long the applications have to be well before the migration is promoted, in seconds; 5 by default.
    public var soakSeconds: Int
    /// How often ``Variant/live`` and ``Variant/pgbouncer`` go forth and back; `nil` where the story is told once.
    public var cutovers: Int?

    public init(variant: Variant, manifests: String, deadlineSeconds: Int = 180, soakSeconds: Int = 5, cutovers: Int? = nil) {
        self.variant = variant
        self.manifests = manifests
        self.deadlineSeconds = deadlineSeconds
        self.soakSeconds = soakSeconds
        self.cutovers = cutovers
    }

    var expectedPhase: String { variant == .rollback || cutovers != nil ? "RolledBack" : "Promoted" }

    /// Tells the story on standard output.
    ///
    /// - Returns: how it ended; a story that broke off is a result with a problem.
    /// - Throws: ``DemoError`` when it could not begin.
    public func run() async throws -> DemoResult {
        guard let state = try DevClusterState.fromEnvironment() else { throw DemoError.noDevCluster }
        let configuration = try ClusterConfiguration.kubeconfig(paths: [state.kubeconfig])
        let stage = Stage(
            cluster: state, client: KubernetesClient(configuration, fieldManager: "dbmigration-demo"),
            databases: variant == .pgbouncer ? StagingDatabase.pooled() : StagingDatabase.all(),
            manifests: Manifests(folder: manifests), deadline: Deadline(after: .seconds(deadlineSeconds)))
        if let cutovers {
            var performance = RoundsPerformance(story: self, rounds: cutovers, stage: stage)
            return await performance.run()
        }
        var performance = Performance(story: self, stage: stage)
        return await performance.run()
    }
}

/// What the story plays on.
struct Stage: Sendable {
    var cluster: DevClusterState
    var client: KubernetesClient
    var databases: [StagingDatabase]
    var manifests: Manifests
    var deadline: Deadline

    /// The databases with their data, and side by side with that everything the cluster has to know.
    func setUp() async throws {
        for server in [cluster.servers.source, cluster.servers.target] {
            // Managed servers give their administrator the database postgres; fences are recorded there.
            try await Psql(server: server, login: server.superuser, database: "postgres").run(
                "GRANT CREATE ON DATABASE postgres TO \(server.administrator.user);", for: "prepare the administrator")
        }
        async let data: Void = SourceData(server: cluster.servers.source).create(databases)
        try await client.apply(documents: manifests.documents(in: ["crd", "rbac", "manager"]))
        try await data
        // One authority signed both servers' certificates.
        let authority = String(decoding: try Data(contentsOf: URL(filePath: cluster.servers.source.certificateAuthority)), as: UTF8.self)
        let objects = StagingObjects(databases: databases, servers: cluster.servers, certificateAuthority: authority)
        try await client.apply(documents: objects.documents())
    }

    func waitForDeployments() async throws {
        for namespace in [StagingNames.controllerNamespace, StagingNames.namespace] {
            try await deadline.wait(for: "the Deployments in \(namespace) to be available") {
                try await client.list(Deployment.self, namespace: namespace).items.allSatisfy {
                    ($0.status?.readyReplicas ?? 0) >= ($0.spec?.replicas ?? 1)
                }
            }
        }
    }

    /// Applies the migration as soon as the API server serves its type.
    func start(_ manifest: MigrationManifest) async throws {
        let document = try manifest.document()
        try await deadline.wait(for: "the type DatabaseMigration to be served") {
            do {
                try await client.apply(documents: [document])
                return true
            } catch let error as KubernetesError where error.kind == .notFound {
                return false
            }
        }
    }

    /// What a person does with `kubectl patch`: another goal for the migration.
    func setGoal(_ goal: String) async throws { try await patchSpec(["goal": .string(goal)]) }

    func patchSpec(_ spec: JSONValue) async throws {
        _ = try await client.patch(
            DatabaseMigration.self, StagingNames.migration, namespace: StagingNames.namespace, .merge(["spec": spec]))
    }
}
