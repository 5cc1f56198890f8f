import DevCluster
import Foundation
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import PostgresEngine
import StructuredData
import Testing

extension EndToEnd {
    @Suite("Workloads of every kind")
    struct WorkloadTests {
        @Test("the pause waits for a Job with CronJobs suspended; then every kind restarts in its turn, and CronJobs go on")
        func everyKind() async throws {
            let scenario = try await Scenario("kinds")
            try await scenario.arrange()
            try await scenario.arrangeSet("StatefulSet")
            try await scenario.arrangeSet("DaemonSet")
            try await scenario.arrangeCronJob("nightly", suspend: false)
            try await scenario.arrangeCronJob("retired", suspend: true)
            try await scenario.arrangeJob("import")
            try await scenario.apply { spec in
                spec["cutover"]?["workloads"] = [
                    ["selector": ["matchLabels": ["app": "extra"]], "kinds": ["StatefulSet", "DaemonSet", "CronJob", "Job"], "order": 1],
                    ["selector": ["matchLabels": ["app": "ledger"]]],
                ]
            }
            let held = try await scenario.wait("the Job to be waited for") { $0[.reconciling]?.reason == "JobRunning" }
            #expect(held.phase == "AwaitingCutover" && held.message?.contains("Job import") == true)
            #expect(await scenario.applicationCanWrite(.source))
            #expect(try await scenario.cronJob("nightly").spec?.suspend == true)
            try await scenario.lab.client.delete(Job.self, "import", namespace: scenario.namespace, options: DeleteOptions(.background))
            try await scenario.wait(phase: .promoted, seconds: 120)

            let uid = try await scenario.lab.client.get(DatabaseMigration.self, Scenario.migration, namespace: scenario.namespace).uid ?? ""
            let pods = try await scenario.lab.client.list(Pod.self, namespace: scenario.namespace, labels: "app in (extra,ledger)").items
            #expect(Set(pods.map { $0.metadata.annotations?["migrations.mystira.app/restarted-for"] }) == ["\(uid).1.forward"])
            #expect(pods.filter { $0.name.hasPrefix("statefulset-") }.map(\.name).sorted() == ["statefulset-0", "statefulset-1"])
            #expect(try await scenario.cronJob("nightly").spec?.suspend == false)
            #expect(try await scenario.cronJob("retired").spec?.suspend == true)
            for name in ["nightly", "retired"] { #expect(try await scenario.cronJob(name).metadata.annotations ?? [:] == [:]) }
            try await scenario.end()
        }

        @Test("scaled to zero over the pause: an aborted cutover brings the replicas back, and so does the next one that succeeds")
        func scaledToZero() async throws {
            let scenario = try await Scenario("zero", copyLasts: 15)
            try await scenario.arrange()
            try await scenario.apply { spec in
                spec["cutover"]?["snapshotPauseSeconds"] = 10
                spec["cutover"]?["workloads"] = [["selector": ["matchLabels": ["app": "ledger"]], "scaleToZero": true]]
            }
            try await scenario.waitForReplicas(0)
            let undone = try await scenario.wait("the cutover to be undone") {
                $0[.cutOver]?.reason == "PauseBudgetExceeded" && $0.phase == "AwaitingCutover"
            }
            #expect(undone.cutover?.startedAt != nil)
            try await scenario.waitForReplicas(1)
            #expect(await scenario.applicationCanWrite(.source))

            try await scenario.patchSpec(["attempt": 2, "cutover": ["snapshotPauseSeconds": 120]])
            try await scenario.waitForReplicas(0)
            try await scenario.wait(phase: .promoted, seconds: 120)
            let deployment = try await scenario.lab.client.get(Deployment.self, "ledger", namespace: scenario.namespace)
            #expect(deployment.spec?.replicas == 1 && deployment.status?.readyReplicas == 1)
            #expect(deployment.metadata.annotations?["migrations.mystira.app/rests-for"] == nil)
            #expect(await scenario.applicationCanWrite(.target))
            try await scenario.end()
        }

        @Test("kill -9 with everything at rest: CronJobs and replicas are as they were")
        func killedAtRest() async throws {
            let scenario = try await Scenario("killrest", copyLasts: 5)
            try await scenario.arrange()
            try await scenario.arrangeCronJob("nightly", suspend: false)
            try await scenario.apply { spec in
                spec["cutover"]?["workloads"] = [
                    ["selector": ["matchLabels": ["app": "ledger"]], "scaleToZero": true],
                    ["selector": ["matchLabels": ["app": "extra"]], "kinds": ["CronJob"]],
                ]
            }
            try await scenario.waitForReplicas(0)
            try scenario.lab.killController()
            try await scenario.patchSpec(["goal": "RolledBack"])
            try await scenario.wait(phase: .rolledBack, seconds: 120)
            try await scenario.waitForReplicas(1)
            #expect(try await scenario.cronJob("nightly").spec?.suspend == false)
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("who reads the Secret and is not selected, and sessions of nobody selected, are said and hold nothing up")
        func warnings() async throws {
            let scenario = try await Scenario("warned")
            try await scenario.arrange()
            try await scenario.arrangeSet("StatefulSet")
            let report = try await scenario.session("report")
            try await scenario.apply { $0["goal"] = "Ready" }
            let ready = try await scenario.wait("readiness for the cutover") { $0[.ready]?.reason == "GoalReached" }
            let message = ready[.preflightPassed]?.message ?? ""
            #expect(ready[.preflightPassed]?.status == "True")
            #expect(message.contains("StatefulSet statefulset reads Secret app-db (env DATABASE_URL) but is not selected"))
            #expect(message.contains("1 session of \(scenario.role) in \(scenario.database) (report) from "))
            #expect(!message.contains("from pod ledger-"))
            await report.close()
            try await scenario.end()
        }

        @Test("a StatefulSet that crashes on the target goes back with its pod's reason, and the pod it stopped at does not hold it there")
        func crashing() async throws {
            let scenario = try await Scenario("crashing")
            try await scenario.arrange(application: .none)
            try await scenario.arrangeSet("StatefulSet", runs: "case $DATABASE_URL in *\(scenario.sourceHost)*) exec sleep 600;; esac; exit 3")
            try await scenario.apply { spec in
                spec["cutover"]?["workloads"] = [["selector": ["matchLabels": ["app": "extra"]]]]
                spec["health"]?["http"] = []
            }
            let status = try await scenario.wait(phase: .rolledBack, seconds: 180)
            #expect(status[.stalled]?.reason == "RolloutFailed")
            #expect(status.message?.contains("exit code 3") == true, "\(status.message ?? "")")
            let pods = try await scenario.lab.client.list(Pod.self, namespace: scenario.namespace, labels: "app=extra").items
            #expect(
                pods.count == 2 && pods.allSatisfy { $0.metadata.annotations?["migrations.mystira.app/restarted-for"]?.hasSuffix(".back") == true })
            #expect(await scenario.applicationCanWrite(.source))
            try await scenario.end()
        }

        @Test("a quota that keeps a StatefulSet's pod away is in the message; without it the rollout goes on")
        func quota() async throws {
            let scenario = try await Scenario("quota")
            try await scenario.arrange(application: .none)
            try await scenario.arrangeSet("StatefulSet")
            try await scenario.apply { spec in
                Scenario.live(&spec)
                spec["goal"] = "Ready"
                spec["cutover"]?["workloads"] = [["selector": ["matchLabels": ["app": "extra"]], "rolloutSeconds": 300]]
                spec["health"]?["http"] = []
            }
            try await scenario.wait("readiness for the cutover", seconds: 120) { $0[.ready]?.reason == "GoalReached" }
            let quota = try await scenario.limitPods(to: 1)
            try await scenario.patchSpec(["goal": "Promoted"])
            let stuck = try await scenario.wait("the refusal to be told") { $0.message?.contains("exceeded quota") == true }
            #expect(stuck.phase == "Switching" && stuck.message?.contains("StatefulSet statefulset: ") == true)
            try await scenario.lab.client.delete(quota, "full", namespace: scenario.namespace)
            try await scenario.wait(phase: .promoted, seconds: 120)
            try await scenario.end()
        }
    }
}

extension Scenario {
    private static let extra: JSONValue = ["app": "extra"]

    private func metadata(_ name: String) -> JSONValue { ["name": .string(name), "namespace": .string(namespace), "labels": Self.extra] }

    /// A StatefulSet of two or a DaemonSet, of the ledger service or of a shell's script, by the name of its kind.
    func arrangeSet(_ kind: String, runs script: String? = nil) async throws {
        let name = kind.lowercased()
        let labels: JSONValue = ["app": "extra", "set": .string(name)]
        var spec: JSONValue = [
            "selector": ["matchLabels": labels], "template": script.map { podTemplate(labels, script: $0) } ?? podTemplate(labels),
        ]
        if kind == "StatefulSet" { (spec["replicas"], spec["serviceName"]) = (2, "ledger") }
        let resource = kind == "StatefulSet" ? StatefulSet.resource : DaemonSet.resource
        _ = try await lab.client.create(resource, ["apiVersion": "apps/v1", "kind": .string(kind), "metadata": metadata(name), "spec": spec])
        if kind == "StatefulSet" {
            try await lab.waitFor(StatefulSet.self, name, namespace, "the set to be ready") { $0.status?.readyReplicas == 2 }
        } else {
            try await lab.waitFor(DaemonSet.self, name, namespace, "the set to be ready") { $0.status?.numberReady == 1 }
        }
    }

    /// The application is a StatefulSet of two that only waits.
    func arrangeRestarting() async throws {
        try await arrange(application: .none)
        try await arrangeSet("StatefulSet", runs: "exec sleep 600")
    }

    /// Makes a manifest one for an application arranged so.
    static func restarting(_ spec: inout JSONValue) {
        spec["cutover"]?["workloads"] = [["selector": ["matchLabels": ["app": "extra"]], "kinds": ["StatefulSet"], "rolloutSeconds": 20]]
        spec["health"]?["http"] = []
    }

    /// Makes a quota `full`, and answers its kind: so many pods, and no more than that.
    func limitPods(to count: Int) async throws -> APIResource {
        let quotas = APIResource(group: "", version: "v1", plural: "resourcequotas", kind: "ResourceQuota")
        _ = try await lab.client.create(
            quotas,
            [
                "apiVersion": "v1", "kind": "ResourceQuota", "metadata": ["name": "full", "namespace": .string(namespace)],
                "spec": ["hard": ["pods": .string("\(count)")]],
            ])
        return quotas
    }

    /// One that never begins a Job by itself in this test.
    func arrangeCronJob(_ name: String, suspend: Bool) async throws {
        let document: JSONValue = [
            "apiVersion": .string(CronJob.formerResource.apiVersion), "kind": "CronJob", "metadata": metadata(name),
            "spec": ["schedule": "0 0 29 2 *", "suspend": .bool(suspend), "jobTemplate": ["spec": ["template": sleeping]]],
        ]
        _ = try await lab.client.create(CronJob.formerResource, document)
    }

    /// One that runs until it is deleted.
    func arrangeJob(_ name: String) async throws {
        _ = try await lab.client.create(
            Job.resource, ["apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(name), "spec": ["template": sleeping]])
    }

    private func podTemplate(_ labels: JSONValue, script: String) -> JSONValue {
        var template = podTemplate(labels)
        guard var container = template["spec"]?["containers"]?[0] else { return template }
        (container["image"], container["command"], container["readinessProbe"]) = ("shell", ["sh", "-c", .string(script)], nil)
        template["spec"]?["containers"] = [container]
        return template
    }

    private var sleeping: JSONValue {
        [
            "spec": [
                "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
                "containers": [["name": "sleep", "image": "shell", "command": ["sh", "-c", "exec sleep 600"]]],
            ]
        ]
    }

    /// One that an application might have open on the source, from no pod.
    func session(_ name: String) async throws -> PostgresConnection {
        try await PostgresConnection.open(
            lab.access(lab.state.servers.source, role, Redacted(password)), ConnectionOptions(database: database, applicationName: name))
    }

    func cronJob(_ name: String) async throws -> CronJob {
        try await lab.client.get(CronJob.formerResource, name, namespace: namespace).decode()
    }

    /// Of the application, as its spec has them.
    func waitForReplicas(_ count: Int) async throws {
        try await lab.waitFor(Deployment.self, "ledger", namespace, "\(count) replicas") { $0.spec?.replicas == count }
    }
}
