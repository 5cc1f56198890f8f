import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import ClusterWorkloads

/// Runs only against a real API server with a controller manager: `KUBERNETES_TEST_KUBECONFIG` names its kubeconfig.
/// There is no kubelet: the tests play its part by writing pod statuses.
@Suite("Against a real API server", .enabled(if: LiveCluster.kubeconfig != nil), .timeLimit(.minutes(5)))
struct LiveClusterTests {
    @Test("Secrets: kept, switched, restored byte for byte, discarded")
    func secrets() async throws {
        try await LiveCluster.withNamespace { cluster in
            let port = ConnectionSecrets(client: cluster.client)
            let plan = Fixtures.plan(connections: [Fixtures.connection("publisher"), Fixtures.connection("chain", database: "chain_db")])
            try await cluster.create("publisher", ["url": Fixtures.original, "other": "stays"])
            try await cluster.create("chain", ["url": "host=old-psql user=chain password=c dbname=chain_db\n"])
            #expect(await port.observe(cluster.migration, plan: plan, attempt: 1).state == .value(.source))
            #expect(await port.applicationRoles(cluster.migration, plan: plan).problems.isEmpty)
            #expect(await port.hasOriginals(cluster.migration) == .value(false))
            let before = try await cluster.values(["publisher", "chain"])

            try await port.point(cluster.migration, plan: plan, to: .target, attempt: 1)
            try await port.point(cluster.migration, plan: plan, to: .target, attempt: 1)
            #expect(await port.observe(cluster.migration, plan: plan, attempt: 1).state == .value(.target))
            #expect(await port.hasOriginals(cluster.migration) == .value(true))
            #expect(try await cluster.values(["publisher"]) == ["publisher": ["url": Fixtures.switched, "other": "stays"]])

            try await port.point(cluster.migration, plan: plan, to: .source, attempt: 1)
            #expect(await port.observe(cluster.migration, plan: plan, attempt: 1).state == .value(.source))
            #expect(try await cluster.values(["publisher", "chain"]) == before)
            #expect(await port.hasOriginals(cluster.migration) == .value(true))

            try await port.discardOriginals(cluster.migration)
            #expect(await port.hasOriginals(cluster.migration) == .value(false))
        }
    }

    @Test("originals survive somebody's deletion, and are never overwritten")
    func keptOriginals() async throws {
        try await LiveCluster.withNamespace { cluster in
            let port = ConnectionSecrets(client: cluster.client)
            let name = ClusterNames.kept(cluster.migration, .init(.secret, "publisher"))
            try await cluster.create("publisher", ["url": Fixtures.original])
            try await port.point(cluster.migration, plan: Fixtures.plan(), to: .target, attempt: 1)
            try await cluster.client.delete(Secret.self, name, namespace: cluster.namespace)
            try await port.point(cluster.migration, plan: Fixtures.plan(), to: .source, attempt: 1)
            #expect(try await cluster.values(["publisher"]) == ["publisher": ["url": Fixtures.original]])
            try await port.discardOriginals(cluster.migration)
            #expect(await port.hasOriginals(cluster.migration) == .value(false))
        }
    }

    @Test("a missing Secret is named, and nothing is written")
    func missingSecret() async throws {
        try await LiveCluster.withNamespace { cluster in
            let port = ConnectionSecrets(client: cluster.client)
            let plan = Fixtures.plan(connections: [Fixtures.connection("publisher"), Fixtures.connection("absent")])
            try await cluster.create("publisher", ["url": Fixtures.original])
            #expect(await port.applicationRoles(cluster.migration, plan: plan).problems.map(\.reason) == [.secretMissing])
            await #expect(throws: ClusterWorkloadsError.self) { try await port.point(cluster.migration, plan: plan, to: .target, attempt: 1) }
            #expect(await port.observe(cluster.migration, plan: plan, attempt: 1).state.whyUnknown?.contains("Secret absent") == true)
            #expect(try await cluster.values(["publisher"]) == ["publisher": ["url": Fixtures.original]])
        }
    }

    @Test("Workloads: a restart makes a new revision once, and scaled to zero completes")
    func workloads() async throws {
        try await LiveCluster.withNamespace { cluster in
            let port = Workloads(client: cluster.client)
            let before = await port.preflight(cluster.migration, plan: Fixtures.plan(), sessions: [])
            #expect(before.problems.map(\.reason) == [.noWorkloadSelected])
            try await cluster.createDeployment("web", replicas: 1)
            try await cluster.createDeployment("idle", replicas: 0)
            #expect(await port.preflight(cluster.migration, plan: Fixtures.plan(), sessions: []).problems.isEmpty)

            try await port.restart(cluster.migration, plan: Fixtures.plan(), tag: "u.1.forward", order: 0)
            let generation = try await cluster.client.get(Deployment.self, "web", namespace: cluster.namespace).metadata.generation
            try await port.restart(cluster.migration, plan: Fixtures.plan(), tag: "u.1.forward", order: 0)
            #expect(try await cluster.client.get(Deployment.self, "web", namespace: cluster.namespace).metadata.generation == generation)

            try await cluster.eventually("the rollout waits for the new pod") {
                let state = await port.observe(cluster.migration, plan: Fixtures.plan()).value
                guard state?.groups.first?.tag == "u.1.forward", case .progressing(let message) = state?.groups.first?.rollout else { return false }
                return message == "Deployment web: 1 old replicas still run"
            }
            try await cluster.eventually("the rollout is complete once the pod is ready") {
                try await cluster.makePodsReady()
                return await port.observe(cluster.migration, plan: Fixtures.plan()).value?.groups.first?.rollout == .complete
            }
            let state = try #require(await port.observe(cluster.migration, plan: Fixtures.plan()).value)
            #expect(state.groups.map(\.tag) == ["u.1.forward"])
            let replicas = [
                WorkloadsState.Replicas(workload: "Deployment idle", wanted: 0, available: 0),
                WorkloadsState.Replicas(workload: "Deployment web", wanted: 1, available: 1),
            ]
            #expect(Set(state.replicas) == Set(replicas))
        }
    }

    @Test("Jobs: accepted by the API server, seen, and gone with their pods")
    func jobs() async throws {
        try await LiveCluster.withNamespace { cluster in
            let port = WorkerJobs(client: cluster.client, configuration: WorkerJobConfiguration(image: "dbmigration:test"))
            let task = WorkerTask(uid: cluster.migration.uid, step: .copy, number: 1, sourceEpoch: 1, plan: Fixtures.plan())
            #expect(await port.observe(cluster.migration, step: .copy, number: 1) == .value(.absent))
            try await port.run(cluster.migration, task: task)
            try await port.run(cluster.migration, task: task)
            try await cluster.eventually("the Job has its pod") {
                try await !cluster.client.list(Pod.self, namespace: cluster.namespace, labels: ClusterNames.selector(cluster.migration)).items.isEmpty
            }
            guard case .running = await port.observe(cluster.migration, step: .copy, number: 1).value else { Issue.record("not running"); return }
            #expect(await port.any(cluster.migration) == .value(true))
            try await port.deleteAll(cluster.migration)
            try await cluster.eventually("neither Jobs nor pods are left") { await port.any(cluster.migration) == .value(false) }
        }
    }

    @Test("a Job that a quota refuses is named together with the refusal")
    func quota() async throws {
        try await LiveCluster.withNamespace { cluster in
            let quotas = APIResource(group: "", version: "v1", plural: "resourcequotas", kind: "ResourceQuota")
            _ = try await cluster.client.create(
                quotas,
                [
                    "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "none", "namespace": .string(cluster.namespace)],
                    "spec": ["hard": ["count/jobs.batch": "0"]],
                ])
            let port = WorkerJobs(client: cluster.client, configuration: WorkerJobConfiguration(image: "dbmigration:test"))
            let task = WorkerTask(uid: cluster.migration.uid, step: .copy, number: 1, sourceEpoch: 1, plan: Fixtures.plan())
            var refusal: ClusterWorkloadsError?
            // The API server learns of a new quota a moment after it was made.
            try await cluster.eventually("the quota refuses the Job") {
                do {
                    try await port.run(cluster.migration, task: task)
                    try await port.deleteAll(cluster.migration)
                } catch let error as ClusterWorkloadsError {
                    refusal = error
                }
                return refusal != nil
            }
            #expect(refusal?.reason == .forbidden)
            #expect(refusal?.message.contains("mys-staging-\(cluster.migration.uid.prefix(8))-copy-1") == true)
            #expect(refusal?.message.contains("quota") == true)
        }
    }
}
