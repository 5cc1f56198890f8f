public import KubernetesClient
import KubernetesModel
public import MigrationCore
public import MigrationPorts

/// Worker Jobs in the cluster.
public struct WorkerJobs: JobsPort {
    private let client: KubernetesClient
    private let configuration: WorkerJobConfiguration

    public init(client: KubernetesClient, configuration: WorkerJobConfiguration) {
        self.client = client
        self.configuration = configuration
    }

    public func observe(_ migration: MigrationReference, step: WorkerStep, number: Int) async -> Fact<JobState> {
        let name = ClusterNames.job(migration, step: step, number: number)
        do {
            guard let job = try await client.find(Job.self, name, namespace: migration.namespace) else { return .value(.absent) }
            let pods = try await client.list(Pod.self, namespace: migration.namespace, labels: "job-name=\(name)").items
            return .value(JobAssessment(job: job, pods: pods).state)
        } catch {
            return .unknown("\(error)")
        }
    }

    public func run(_ migration: MigrationReference, task: WorkerTask) async throws {
        let job = try JobManifest(migration: migration, task: task, configuration: configuration).job()
        do {
            _ = try await client.create(job)
        } catch {
            switch error.kind {
            case .alreadyExists: return  // The same number is the same Job: an earlier try of this very action made it.
            case .forbidden, .invalid: throw refused(job, error)
            default: throw error
            }
        }
    }

    private func refused(_ job: Job, _ error: KubernetesError) -> ClusterWorkloadsError {
        ClusterWorkloadsError(
            error.kind == .forbidden ? .forbidden : .workerRejected,
            "Job \(job.name) was refused: \(error); adjust the role, the quota or the admission policy that refuses it")
    }

    public func any(_ migration: MigrationReference) async -> Fact<Bool> {
        do {
            let selector = ClusterNames.selector(migration)
            let jobs = try await client.list(Job.self, namespace: migration.namespace, labels: selector).items
            if !jobs.isEmpty { return .value(true) }
            return .value(try await !client.list(Pod.self, namespace: migration.namespace, labels: selector).items.isEmpty)
        } catch {
            return .unknown("\(error)")
        }
    }

    /// Pods follow their Jobs in the background; ``any(_:)`` tells when they are gone.
    public func deleteAll(_ migration: MigrationReference) async throws {
        let jobs = try await client.list(Job.self, namespace: migration.namespace, labels: ClusterNames.selector(migration)).items
        try await forEach(jobs.filter { !$0.isBeingDeleted }) { try await client.remove($0, .background) }
    }
}
