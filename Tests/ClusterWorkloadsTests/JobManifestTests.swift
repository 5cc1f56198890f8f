import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import ClusterWorkloads

@Suite("The manifest of a worker Job")
struct JobManifestTests {
    private func job(_ change: (inout Plan) -> Void = { _ in }) throws -> Job {
        var plan = Fixtures.plan()
        plan.target.certificateAuthority = Plan.SecretKey(name: "new-ca", key: "root.pem")
        change(&plan)
        let task = WorkerTask(uid: Fixtures.migration.uid, step: .copy, number: 2, sourceEpoch: 5, plan: plan)
        let configuration = WorkerJobConfiguration(
            image: "dbmigration:1", imagePullSecrets: ["pull"], serviceAccountName: "dbmigration-worker", runAsUser: 65_532, version: "0.1.0")
        return try JobManifest(migration: Fixtures.migration, task: task, configuration: configuration).job()
    }

    @Test("is the golden file (UPDATE_GOLDEN=1 writes it)")
    func golden() throws {
        let file = "\(#filePath)".replacing("JobManifestTests.swift", with: "Golden/job.json")
        let text = try JSON.text(job().document(), pretty: true) + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try Data(text.utf8).write(to: URL(filePath: file)) }
        #expect(try Data(contentsOf: URL(filePath: file)).text == text)
    }

    // The rules of https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted, one by one.
    @Test("meets PodSecurity restricted")
    func restricted() throws {
        let spec = try #require(try job().spec?.template?.spec)
        #expect(spec.hostNetwork == nil)
        #expect(spec.initContainers == nil)
        #expect(spec.securityContext?["runAsNonRoot"] == true)
        #expect(spec.securityContext?["runAsUser"] != 0)
        #expect(spec.securityContext?["seccompProfile"]?["type"] == "RuntimeDefault")
        for volume in spec.volumes ?? [] {
            #expect(volume.hostPath == nil && (volume.emptyDir != nil || volume.secret != nil), "volume \(volume.name)")
        }
        let containers = try #require(spec.containers)
        for container in containers {
            let security = try #require(container.securityContext)
            #expect(security["allowPrivilegeEscalation"] == false)
            #expect(security["capabilities"] == ["drop": ["ALL"]])
            #expect(security["runAsNonRoot"] == true)
            #expect(security["seccompProfile"]?["type"] == "RuntimeDefault")
            #expect(security["privileged"] == nil && security["procMount"] == nil)
            #expect((container.ports ?? []).allSatisfy { $0.hostPort == nil })
            // Ours, beyond the standard.
            #expect(security["readOnlyRootFilesystem"] == true)
        }
    }

    @Test("has no Kubernetes credentials, is tried once, and belongs to the migration")
    func isolation() throws {
        let job = try job()
        #expect(job.spec?.template?.spec?.automountServiceAccountToken == false)
        #expect(job.spec?.template?.spec?.restartPolicy == "Never")
        #expect(job.spec?.backoffLimit == 0)
        let owner = try #require(job.metadata.ownerReferences?.first)
        #expect(owner.uid == Fixtures.migration.uid && owner.kind == "DatabaseMigration" && owner.blockOwnerDeletion == nil)
        #expect(job.spec?.template?.metadata?.labels == job.metadata.labels)
    }

    @Test("the task arrives whole, and logins only by reference")
    func environment() throws {
        let variables = try #require(try job().spec?.template?.spec?.containers?.first?.env)
        let task: WorkerTask = try JSON.decode(from: #require(variables.first { $0.name == "DBMIGRATION_TASK" }?.value))
        #expect(task.number == 2 && task.sourceEpoch == 5 && task.plan.target.host == "new-psql")
        let references = variables.compactMap { variable in variable.valueFrom?.secretKeyRef.map { "\(variable.name)=\($0.name ?? "")/\($0.key)" } }
        #expect(
            references == [
                "DBMIGRATION_SOURCE_USER=old-admin/username", "DBMIGRATION_SOURCE_PASSWORD=old-admin/password",
                "DBMIGRATION_TARGET_USER=new-admin/username", "DBMIGRATION_TARGET_PASSWORD=new-admin/password",
            ])
    }

    @Test("names with a dollar sign pass the kubelet's expansion of values unharmed")
    func dollar() throws {
        let job = try job { $0.databases[0].name = "a$$b$(HOME)" }
        let value = try #require(job.spec?.template?.spec?.containers?.first?.env?.first { $0.name == "DBMIGRATION_TASK" }?.value)
        #expect(!value.contains("$"))
        #expect(try JSON.decode(WorkerTask.self, from: value).plan.databases[0].name == "a$$b$(HOME)")
    }

    @Test("a CA is mounted where its variable says, and only when there is one")
    func authorities() throws {
        let container = try #require(try job().spec?.template?.spec?.containers?.first)
        let file = try #require(container.env?.first { $0.name == "DBMIGRATION_TARGET_CA_FILE" }?.value)
        let mount = try #require(container.volumeMounts?.first { $0.name == "target-ca" })
        #expect(file == "\(mount.mountPath)/ca.crt" && mount.readOnly == true)
        #expect(container.env?.contains { $0.name == "DBMIGRATION_SOURCE_CA_FILE" } == false)
        let none = try job { $0.target.certificateAuthority = nil }
        #expect(none.spec?.template?.spec?.volumes?.map(\.name) == ["tmp"])
    }
}
