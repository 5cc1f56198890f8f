import FoundationEssentials
import KubernetesClient
import KubernetesModel
import StructuredData
import Testing

@testable import DevCluster

/// Needs a cluster: `dbmigration dev run --image shell=/bin/sh -- swift test --filter LiveClusterTests`.
@Suite("The process node on a live cluster", .enabled(if: ProcessInfo.processInfo.environment[DevClusterState.variable] != nil), .serialized)
struct LiveClusterTests {
    let state: DevClusterState
    let client: KubernetesClient
    let namespace = "live-\(UInt32.random(in: 0 ... .max))"

    init() async throws {
        state = try #require(try DevClusterState.fromEnvironment())
        client = KubernetesClient(try ClusterConfiguration.kubeconfig(paths: [state.kubeconfig]))
        _ = try await client.create(Namespace(metadata: ObjectMeta(name: namespace)))
    }

    func eventually(_ what: String, _ holds: () async throws -> Bool) async throws {
        try await poll(what, within: .seconds(60), log: { "" }, holds)
    }

    func pods() async throws -> [Pod] { try await client.list(Pod.self, namespace: namespace).items }

    var deployment: Deployment {
        let web = Container(
            name: "web", image: "shell", command: ["sh", "-c", #"test "$(cat /etc/dbmigration/live/url)" = "$URL" && exec sleep 1000"#],
            env: [
                EnvVar(name: "URL", valueFrom: EnvVarSource(secretKeyRef: KeySelector(name: "app", key: "url"))),
                EnvVar(name: "IP", valueFrom: EnvVarSource(fieldRef: FieldSelector(fieldPath: "status.podIP"))),
            ],
            volumeMounts: [VolumeMount(name: "secret", mountPath: "/etc/dbmigration/live"), VolumeMount(name: "tmp", mountPath: "/tmp")],
            readinessProbe: Probe(exec: ExecAction(command: ["test", "-s", "/etc/dbmigration/live/url"]), periodSeconds: 1))
        let template = PodTemplateSpec(
            metadata: ObjectMeta(labels: ["app": "web"]),
            spec: PodSpec(
                containers: [web], volumes: [Volume(name: "secret", secret: SecretVolume(secretName: "app")), Volume(name: "tmp", emptyDir: [:])],
                terminationGracePeriodSeconds: 1))
        return Deployment(
            metadata: ObjectMeta(name: "web", namespace: namespace),
            spec: DeploymentSpec(replicas: 2, selector: LabelSelector(matchLabels: ["app": "web"]), template: template))
    }

    @Test("A Deployment becomes ready, is rolled, and goes without a trace")
    func deploymentLife() async throws {
        _ = try await client.create(Secret(metadata: ObjectMeta(name: "app", namespace: namespace), stringData: ["url": "postgres://somewhere"]))
        _ = try await client.create(deployment)
        let isReady = { (status: DeploymentStatus?, generation: Int64) in
            status?.observedGeneration == generation && status?.updatedReplicas == 2 && status?.availableReplicas == 2 && status?.replicas == 2
        }
        try await eventually("two ready replicas") { isReady(try await client.get(Deployment.self, "web", namespace: namespace).status, 1) }
        let before = try await pods()
        #expect(Set(before.compactMap(\.status?.podIP)).count == 2)

        let restart: JSONValue = ["spec": ["template": ["metadata": ["annotations": ["restartedAt": "now"]]]]]
        _ = try await client.patch(Deployment.self, "web", namespace: namespace, .merge(restart))
        try await eventually("two replaced replicas") { isReady(try await client.get(Deployment.self, "web", namespace: namespace).status, 2) }
        try await eventually("the end of the old replicas") { Set(try await pods().compactMap(\.uid)).isDisjoint(with: before.compactMap(\.uid)) }

        try await client.delete(Namespace.self, namespace)
        try await eventually("the end of the namespace") {
            try await client.list(Namespace.self).items.allSatisfy { $0.name != namespace }
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: state.folder + "/pods").filter { $0.hasPrefix(namespace) }
        #expect(left.isEmpty)
    }

    @Test("A Job ends with a termination message; an unknown image waits with a reason")
    func jobs() async throws {
        let job = { (name: String, image: String) in
            let container = Container(name: "work", image: image, command: ["sh", "-c", "echo '{\"rows\":7}' >/dev/termination-log; exit 0"])
            return Job(
                metadata: ObjectMeta(name: name, namespace: namespace),
                spec: JobSpec(template: PodTemplateSpec(spec: PodSpec(containers: [container], restartPolicy: "Never"))))
        }
        _ = try await client.create(job("done", "shell"))
        _ = try await client.create(job("stuck", "nosuch"))
        try await eventually("the Job's end") { try await client.get(Job.self, "done", namespace: namespace).status?.succeeded == 1 }
        let statuses = try await pods().compactMap { $0.status?.containerStatuses?.first }
        #expect(statuses.contains { $0.state?.terminated?.message == "{\"rows\":7}\n" && $0.state?.terminated?.reason == "Completed" })
        try await eventually("the unknown image's reason") {
            try await pods().contains { $0.status?.containerStatuses?.first?.state?.waiting?.reason == "ErrImagePull" }
        }
        try await client.delete(Namespace.self, namespace)
    }
}
