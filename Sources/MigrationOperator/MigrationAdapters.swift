public import MigrationPorts

/// The adapters the controller works through, one port each.
public struct MigrationAdapters: Sendable {
    public var databases: any DatabasePort
    public var secrets: any ConnectionSecretsPort
    public var workloads: any WorkloadsPort
    public var jobs: any JobsPort
    public var probes: any ProbesPort
    public var measurements: any MeasurementsPort
    public var logs: any LogsPort

    public init(
        databases: any DatabasePort, secrets: any ConnectionSecretsPort, workloads: any WorkloadsPort, jobs: any JobsPort, probes: any ProbesPort,
        measurements: any MeasurementsPort, logs: any LogsPort
    ) {
        self.databases = databases
        self.secrets = secrets
        self.workloads = workloads
        self.jobs = jobs
        self.probes = probes
        self.measurements = measurements
        self.logs = logs
    }
}
