import ClusterWorkloads
public import ControllerRuntime
import CoreMetrics
import HTTPTransport
import HealthProbes
public import KubernetesClient
import KubernetesModel
public import Logging
import MigrationAPI
import MigrationCore
import MigrationPorts
import Notifications
import PostgresEngine

/// How a controller is set up; every value has a flag of `dbmigration controller`.
public struct OperatorConfiguration: Sendable {
    /// The namespaces to watch, each by itself; empty: all. Controllers with different namespaces need different leases.
    public var namespaces: [String]
    /// Image of worker Jobs: the controller's own.
    public var workerImage: String
    /// Where the Lease lives.
    public var leaseNamespace: String
    /// Its name. Default `dbmigration-controller`.
    public var leaseName = "dbmigration-controller"
    /// This replica's name, unique among them: the pod's.
    public var identity: String
    public var operations = OperationsConfiguration()
    /// For CA certificates of servers; must be writable.
    public var temporaryFolder: String

    public init(namespaces: [String] = [], workerImage: String, leaseNamespace: String, identity: String, temporaryFolder: String = "/tmp") {
        self.namespaces = namespaces
        self.workerImage = workerImage
        self.leaseNamespace = leaseNamespace
        self.identity = identity
        self.temporaryFolder = temporaryFolder
    }
}

/// The controller as a process: everything put together.
public struct OperatorProcess: Sendable {
    /// Migrations whose notifications are sent at the same time.
    private static let notificationWorkers = 8

    private let configuration: OperatorConfiguration
    private let client: KubernetesClient
    private let registry: PrometheusRegistry
    private let logger: Logger

    /// - Parameter registry: what `/metrics` shows; the client may count its requests there.
    public init(
        _ configuration: OperatorConfiguration, client: KubernetesClient, registry: PrometheusRegistry = PrometheusRegistry(), logger: Logger
    ) {
        self.configuration = configuration
        self.client = client
        self.logger = logger
        self.registry = registry
        registry.describeRuntimeMetrics()
    }

    /// Runs until SIGTERM or SIGINT.
    /// - Throws: what ends the process with an error, such as a lost lease.
    public func run() async throws {
        let store = ObjectStore<DatabaseMigration>(namespaces: configuration.namespaces)
        let readiness = HealthChecks(endpoint: "readyz")
        let recorder = EventRecorder(
            client: client, controller: "migrations.mystira.app/dbmigration", instance: configuration.identity, logger: logger)
        let adapters = self.adapters()
        let permissions = MissingPermissions()
        readiness.register("permissions") { permissions.health }
        let access = ServerAccessReader(client: client, folder: configuration.temporaryFolder + "/dbmigration")
        // With sessions of its own: those of a visit that hangs are the visit's.
        let undo = FenceUndo(store: store, adapters: self.adapters(), access: access, logger: logger)
        let (metrics, ledger) = (OperatorMetrics(registry: registry), NotificationLedger())
        let (delivered, deliveries) = AsyncStream<ObjectKey>.makeStream()
        let notifier = Notifier(
            store: store, sender: WebhookSender(secrets: secretReader), ledger: ledger, metrics: metrics, events: recorder, logger: logger,
            onFinished: { deliveries.yield($0) })
        let notifications = Controller(
            name: "notification", workers: Self.notificationWorkers, metrics: registry, logger: logger, reconcile: notifier.reconcile)
        let reconciler = Reconciler(
            client: client, store: store,
            observer: MigrationObserver(
                adapters: adapters, access: access, ownership: Ownership(store: store), finalizer: DatabaseMigration.finalizer),
            performer: MigrationPerformer(client: client, adapters: adapters, access: access, finalizer: DatabaseMigration.finalizer),
            failures: ActionFailures(), permissions: permissions, metrics: metrics, events: recorder, undo: undo,
            ledger: ledger, notify: { await notifications.enqueue([$0]) }, logger: logger)
        let controller = Controller(
            name: "databasemigration", recheck: Controller.Recheck { store.keys }, metrics: registry, logger: logger, reconcile: reconciler.reconcile)
        let election = LeaderElection(
            lease: configuration.leaseName, identity: configuration.identity,
            storage: KubernetesLease(client: client, namespace: configuration.leaseNamespace, name: configuration.leaseName), metrics: registry,
            logger: logger)
        let liveness = HealthChecks(endpoint: "healthz")
        liveness.register("leader-election") { election.health }
        readiness.register("leader-election") { election.access }
        try await ControllerProcess(
            endpoints: [
                OperationsServer.health(configuration.operations, liveness: liveness, readiness: readiness, logger: logger),
                OperationsServer.metrics(configuration.operations, registry: registry, logger: logger),
            ],
            caches: [recorder, migrations(store, controller, readiness), jobs(controller, readiness)], synced: [store.waitUntilSynced],
            election: election, logger: logger,
            work: {
                // Together they end when the controller does: what is not sent by then is sent by whoever comes next.
                async let sends: Void = notifications.run()
                async let visits: Void = { for await key in delivered { await controller.enqueue([key]) } }()
                await controller.run()
                await sends
                deliveries.finish()
                await visits
            }, onLost: { _ in await undo.undoAll() }
        ).run()
    }

    private var secretReader: SecretReader {
        { [client] namespace, name in
            do {
                return .value(try await client.get(Secret.self, name, namespace: namespace).data ?? [:])
            } catch {
                return .unknown("Secret \(name) cannot be read: \(error)")
            }
        }
    }

    private func adapters() -> MigrationAdapters {
        let secret = secretReader
        return MigrationAdapters(
            databases: PostgresMigration(logger: logger), secrets: ConnectionSecrets(client: client), workloads: Workloads(client: client),
            jobs: WorkerJobs(client: client, configuration: WorkerJobConfiguration(image: configuration.workerImage)),
            probes: HTTPProbes(addresses: ServiceEndpoints(client: client), secrets: secret), measurements: PrometheusQueries(secrets: secret),
            logs: PodLogs(client: client), poolers: PgBouncers(client: client))
    }

    private func migrations(_ store: ObjectStore<DatabaseMigration>, _ controller: Controller, _ readiness: HealthChecks) -> Informer<
        DatabaseMigration
    > {
        let client = client
        return Informer(
            store: store, namespaces: configuration.namespaces, readiness: readiness, metrics: registry, logger: logger,
            watch: { client.watch(DatabaseMigration.self, namespace: $0, known: store.has) },
            onChange: { changes in await controller.enqueue(changes.map { ObjectKey($0.object) }) })
    }

    private func jobs(_ controller: Controller, _ readiness: HealthChecks) -> Informer<Job> {
        let client = client
        return Informer(
            store: ObjectStore<Job>(namespaces: configuration.namespaces), namespaces: configuration.namespaces, readiness: readiness,
            metrics: registry, logger: logger,
            watch: { client.watch(Job.self, namespace: $0, labels: DatabaseMigration.label) },
            onChange: { changes in await controller.enqueue(changes.compactMap { $0.object.controllerKey(kind: "DatabaseMigration") }) })
    }
}
