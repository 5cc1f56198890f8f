import KubernetesModel
import MigrationCore
import MigrationPorts
import StructuredData

/// The Job of one worker step. Pure.
///
/// Meets PodSecurity "restricted", has no Kubernetes credentials, and names Secrets without holding their content.
struct JobManifest: Sendable {
    static let container = "worker"

    var migration: MigrationReference
    var task: WorkerTask
    var configuration: WorkerJobConfiguration

    /// - Throws: `EncodingError`, when the task has no JSON form.
    func job() throws -> Job {
        Job(
            metadata: ObjectMeta(
                name: ClusterNames.job(migration, step: task.step, number: task.number), namespace: migration.namespace, labels: labels,
                ownerReferences: [owner]),
            spec: JobSpec(
                template: PodTemplateSpec(metadata: ObjectMeta(labels: labels), spec: try podSpec()),
                // The controller counts attempts, so that it knows of every one.
                backoffLimit: 0))
    }

    private var labels: [String: String] {
        var labels = ClusterNames.labels(migration)
        labels["app.kubernetes.io/name"] = ClusterNames.product
        labels["app.kubernetes.io/instance"] = ClusterNames.labelValue(migration.name)
        labels["app.kubernetes.io/component"] = Self.container
        labels["app.kubernetes.io/part-of"] = ClusterNames.product
        labels["app.kubernetes.io/version"] = configuration.version
        labels[ClusterNames.step] = task.step.rawValue
        return labels
    }

    /// Without blockOwnerDeletion: it would need the right to change the migration's finalizers.
    private var owner: OwnerReference {
        OwnerReference(apiVersion: ClusterNames.apiVersion, kind: ClusterNames.kind, name: migration.name, uid: migration.uid, controller: true)
    }

    private func podSpec() throws -> PodSpec {
        PodSpec(
            containers: [
                Container(
                    name: Self.container, image: configuration.image, imagePullPolicy: configuration.imagePullPolicy,
                    args: ["worker", task.step.rawValue], env: try environment(),
                    volumeMounts: [VolumeMount(name: "tmp", mountPath: "/tmp")] + authorities.map(\.mount),
                    terminationMessagePolicy: "FallbackToLogsOnError", resources: resources, securityContext: containerSecurity)
            ],
            volumes: [Volume(name: "tmp", emptyDir: .object([:]))] + authorities.map(\.volume), restartPolicy: "Never",
            serviceAccountName: configuration.serviceAccountName, automountServiceAccountToken: false, enableServiceLinks: false,
            imagePullSecrets: configuration.imagePullSecrets.isEmpty ? nil : configuration.imagePullSecrets.map { LocalObjectReference(name: $0) },
            securityContext: podSecurity)
    }
}

extension JobManifest {
    private func environment() throws -> [EnvVar] {
        // The kubelet reads `$(NAME)` and `$$` in values; in JSON the sign can be written so that it finds none.
        [EnvVar(name: WorkerEnvironment.task, value: try JSON.text(task).replacing("$", with: "\\u0024"))]
            + Self.login(WorkerEnvironment.sourceUser, WorkerEnvironment.sourcePassword, task.plan.source.credentials)
            + Self.login(WorkerEnvironment.targetUser, WorkerEnvironment.targetPassword, task.plan.target.credentials)
            + authorities.map(\.variable)
    }

    private static func login(_ user: String, _ password: String, _ reference: Plan.CredentialsReference) -> [EnvVar] {
        [(user, reference.usernameKey), (password, reference.passwordKey)].map { name, key in
            EnvVar(name: name, valueFrom: EnvVarSource(secretKeyRef: KeySelector(name: reference.name, key: key)))
        }
    }

    private var authorities: [MountedAuthority] {
        [
            task.plan.source.certificateAuthority.map {
                MountedAuthority(name: "source-ca", secret: $0, variableName: WorkerEnvironment.sourceCertificateAuthority)
            },
            task.plan.target.certificateAuthority.map {
                MountedAuthority(name: "target-ca", secret: $0, variableName: WorkerEnvironment.targetCertificateAuthority)
            },
        ].compactMap { $0 }
    }

    private var resources: JSONValue {
        [
            "requests": ["cpu": .string(configuration.cpuRequest), "memory": .string(configuration.memoryRequest)],
            "limits": ["memory": .string(configuration.memoryLimit)],
        ]
    }

    private var podSecurity: JSONValue {
        var context: JSONValue = ["runAsNonRoot": true, "seccompProfile": ["type": "RuntimeDefault"]]
        context["runAsUser"] = configuration.runAsUser.map { .integer($0) }
        return context
    }

    private var containerSecurity: JSONValue {
        [
            "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true, "capabilities": ["drop": ["ALL"]],
            "seccompProfile": ["type": "RuntimeDefault"],
        ]
    }
}

/// A server's CA certificates out of a Secret, as a file in the container.
private struct MountedAuthority {
    private static let file = "ca.crt"

    var name: String
    var secret: Plan.SecretKey
    var variableName: String

    private var folder: String { "/run/dbmigration/\(name)" }

    var volume: Volume {
        Volume(name: name, secret: SecretVolume(secretName: secret.name, items: [KeyToPath(key: secret.key, path: Self.file)]))
    }
    var mount: VolumeMount { VolumeMount(name: name, mountPath: folder, readOnly: true) }
    var variable: EnvVar { EnvVar(name: variableName, value: "\(folder)/\(Self.file)") }
}
