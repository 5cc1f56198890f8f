public import ArgumentParser
public import ControllerRuntime
import FoundationEssentials
import KubernetesClient
public import Logging
import MigrationOperator

/// `dbmigration controller`: watches DatabaseMigrations and takes them through their phases.
struct ControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "controller", abstract: "Runs the controller, in a cluster or with a kubeconfig.")

    @Option(help: "A namespace to watch; may be given several times. All by default.")
    var namespace: [String] = []

    @Option(help: "Image of worker Jobs (or DBMIGRATION_IMAGE): the controller's own.")
    var workerImage: String?

    @Option(help: "Namespace of the Lease; by default the one the controller runs in.")
    var leaseNamespace: String?

    @Option(help: "Name of the Lease: controllers with different --namespace need different ones.")
    var leaseName = "dbmigration-controller"

    @Option(help: "Address the health and metrics endpoints bind to; all by default.")
    var bindAddress = ""

    @Option(help: "Port of /healthz and /readyz; 0 is off.")
    var healthPort: UInt16 = 8081

    @Option(help: "Port of /metrics; 0 is off.")
    var metricsPort: UInt16 = 8080

    @Option(help: "Seconds after which the API server ends a watch, which then goes on where it was.")
    var watchSeconds = 290

    @Option(help: "json or text.")
    var logFormat: StructuredLogHandler.Format = .json

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel: Logger.Level = .info

    func validate() throws {
        guard watchSeconds > 0 else { throw ValidationError("--watch-seconds: found \(watchSeconds); give 1 or more") }
    }

    func run() async throws {
        let (format, level) = (logFormat, logLevel)
        let logger = Logger(label: "dbmigration") { label in
            var handler = StructuredLogHandler(label: label, level: level, format: format)
            handler.metadataProvider = ReconcileID.metadataProvider
            return handler
        }
        let environment = ProcessInfo.processInfo.environment
        guard let image = workerImage ?? environment["DBMIGRATION_IMAGE"] else {
            throw ValidationError("--worker-image or DBMIGRATION_IMAGE must name the image of worker Jobs")
        }
        let cluster = try ClusterConfiguration.load(environment: environment)
        let registry = PrometheusRegistry()
        let client = KubernetesClient(
            cluster, timeouts: RequestTimeouts(watch: .seconds(watchSeconds)), onAnswer: RequestMetrics(factory: registry).count)
        var configuration = OperatorConfiguration(
            namespaces: namespace, workerImage: image, leaseNamespace: leaseNamespace ?? environment["POD_NAMESPACE"] ?? client.namespace,
            identity: environment["POD_NAME"] ?? "\(ProcessInfo.processInfo.hostName)_\(UInt32.random(in: .min ... .max))",
            temporaryFolder: environment["TMPDIR"] ?? "/tmp")
        configuration.leaseName = leaseName
        configuration.operations = OperationsConfiguration(bindAddress: bindAddress, healthPort: healthPort, metricsPort: metricsPort)
        do {
            try await OperatorProcess(configuration, client: client, registry: registry, logger: logger).run()
        } catch let lost as LeadershipLost {
            logger.error("the lease was lost; exiting", metadata: ["error": "\(lost)"])
            throw ExitCode.failure
        }
    }
}

extension StructuredLogHandler.Format: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
