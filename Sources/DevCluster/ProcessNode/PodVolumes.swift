import FoundationEssentials
import KubernetesClient
import KubernetesModel

/// A pod's volumes on disk: made before its first container, brought up to date now and then.
actor PodVolumes {
    private let pod: Pod
    private let podIP: String
    private let folder: PodFolder
    private let client: KubernetesClient
    private let longestDelay: Int
    private var written: [String: VolumeContent] = [:]
    private var versions = 0
    private var tokens: [ServiceAccountTokenProjection: (token: String, renewal: ContinuousClock.Instant)] = [:]

    init(pod: Pod, podIP: String, folder: PodFolder, client: KubernetesClient, longestDelay: Int) {
        self.pod = pod
        self.podIP = podIP
        self.folder = folder
        self.client = client
        self.longestDelay = longestDelay
    }

    /// Brings every volume up to date.
    ///
    /// - Throws: `PodInputError`, `KubernetesError`, or an error of the file system; what was written before stays.
    func update() async throws {
        let inputs = try await inputs()
        try await renewTokens()
        for volume in pod.spec?.volumes ?? [] {
            let content = try VolumeContent.of(volume, pod: pod, podIP: podIP, inputs: inputs, tokens: tokens.mapValues(\.token))
            let path = folder.volume(volume.name)
            guard let content else {
                if !FileManager.default.fileExists(atPath: path) { try StateFolder.makeFolder(path, mode: 0o777) }
                continue
            }
            guard written[volume.name] != content else { continue }
            try StateFolder.makeFolder(path, mode: 0o755)
            versions += 1
            try VolumeFolder(path: path).write(content, version: versions)
            written[volume.name] = content
        }
    }

    /// Keeps the volumes up to date until cancelled. A change arrives late, at random, as it does with a kubelet: there 5 to 60 s.
    func keepCurrent() async throws {
        while true {
            try await Task.sleep(for: .milliseconds(Int.random(in: longestDelay * 1_000 / 12...longestDelay * 1_000)))
            // A missing object or a failed request leaves the last content in place, as a kubelet does.
            try? await update()
        }
    }

    /// The Secrets and ConfigMaps the pod refers to; absent ones are simply missing.
    func inputs() async throws -> PodInputs {
        let references = PodInputs.references(of: pod)
        var inputs = PodInputs()
        for name in references.secrets {
            inputs.secrets[name] = try await present { try await client.get(Secret.self, name, namespace: pod.namespace) }.map { $0.data ?? [:] }
        }
        for name in references.configMaps {
            let map = try await present { try await client.get(ConfigMap.self, name, namespace: pod.namespace) }
            inputs.configMaps[name] = map.map { ($0.data ?? [:]).mapValues { Data($0.utf8) }.merging($0.binaryData ?? [:]) { $1 } }
        }
        return inputs
    }

    private func present<Value>(_ get: () async throws -> Value) async throws -> Value? {
        do { return try await get() } catch let error as KubernetesError where error.kind == .notFound { return nil }
    }

    /// Tokens bound to this pod, asked for anew when 80 % of their life is over.
    private func renewTokens() async throws {
        let projections = (pod.spec?.volumes ?? []).flatMap { $0.projected?.sources ?? [] }.compactMap(\.serviceAccountToken)
        for projection in projections {
            if let token = tokens[projection], token.renewal > .now { continue }
            let lifetime = projection.expirationSeconds ?? 3600
            let request = TokenRequest(
                spec: TokenRequestSpec(
                    audiences: projection.audience.map { [$0] }, expirationSeconds: lifetime,
                    boundObjectRef: ObjectReference(apiVersion: "v1", kind: "Pod", name: pod.name, uid: pod.uid)))
            let answer = try await client.createSubresource(
                ServiceAccount.self, pod.spec?.serviceAccountName ?? "default", namespace: pod.namespace, subresource: "token", body: request,
                returning: TokenRequest.self)
            guard let token = answer.status?.token else { throw PodInputError.unsupported("an empty answer to a token request") }
            tokens[projection] = (token, .now + .seconds(lifetime * 8 / 10))
        }
    }
}
