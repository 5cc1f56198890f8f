import FoundationEssentials
import KubernetesModel

/// The files a Secret, ConfigMap, downward API or projected volume consists of.
struct VolumeContent: Sendable, Hashable {
    struct File: Sendable, Hashable {
        var data: Data
        var mode: Int
    }

    /// By path relative to the mount point.
    var files: [String: File] = [:]

    /// Tokens by their projection, as far as they have been issued.
    typealias Tokens = [ServiceAccountTokenProjection: String]

    /// The content of a volume; `nil` when it is a folder that only its containers write (emptyDir).
    ///
    /// - Throws: `PodInputError` for a missing object or key that is not optional, and for other kinds of volumes.
    static func of(_ volume: Volume, pod: Pod, podIP: String, inputs: PodInputs, tokens: Tokens) throws(PodInputError) -> VolumeContent? {
        var content = VolumeContent()
        if let secret = volume.secret {
            try content.add(
                "secret", secret.secretName, inputs.secrets, items: secret.items, optional: secret.optional, mode: secret.defaultMode)
        } else if let map = volume.configMap {
            try content.add("configmap", map.name, inputs.configMaps, items: map.items, optional: map.optional, mode: map.defaultMode)
        } else if let downward = volume.downwardAPI {
            try content.add(downward, pod: pod, podIP: podIP, mode: downward.defaultMode)
        } else if let projected = volume.projected {
            for source in projected.sources ?? [] {
                try content.add(source, mode: projected.defaultMode, pod: pod, podIP: podIP, inputs: inputs, tokens: tokens)
            }
        } else if volume.emptyDir != nil {
            return nil
        } else {
            throw .unsupported("volume \(volume.name): use secret, configMap, downwardAPI, projected or emptyDir")
        }
        return content
    }

    private mutating func add(
        _ source: VolumeProjection, mode: Int?, pod: Pod, podIP: String, inputs: PodInputs, tokens: Tokens
    ) throws(PodInputError) {
        if let secret = source.secret {
            try add("secret", secret.name, inputs.secrets, items: secret.items, optional: secret.optional, mode: mode)
        } else if let map = source.configMap {
            try add("configmap", map.name, inputs.configMaps, items: map.items, optional: map.optional, mode: mode)
        } else if let downward = source.downwardAPI {
            try add(downward, pod: pod, podIP: podIP, mode: mode)
        } else if let projection = source.serviceAccountToken, let token = tokens[projection] {
            files[projection.path] = File(data: Data(token.utf8), mode: mode ?? 0o644)
        }
    }

    private mutating func add(
        _ kind: String, _ name: String?, _ objects: [String: [String: Data]], items: [KeyToPath]?, optional: Bool?, mode: Int?
    ) throws(PodInputError) {
        guard let object = objects[name ?? ""] else {
            if optional == true { return }
            throw .objectMissing(kind: kind, name: name ?? "")
        }
        guard let items else {
            for (key, data) in object { files[key] = File(data: data, mode: mode ?? 0o644) }
            return
        }
        for item in items {
            if let data = object[item.key] {
                files[item.path] = File(data: data, mode: item.mode ?? mode ?? 0o644)
            } else if optional != true {
                throw .keyMissing(kind: kind, name: name ?? "", key: item.key)
            }
        }
    }

    private mutating func add(_ volume: DownwardAPIVolume, pod: Pod, podIP: String, mode: Int?) throws(PodInputError) {
        for item in volume.items ?? [] {
            guard let field = item.fieldRef else { throw .unsupported("resourceFieldRef") }
            guard let value = PodFields.value(field.fieldPath, of: pod, podIP: podIP) else { throw .unsupported("fieldRef \(field.fieldPath)") }
            files[item.path] = File(data: Data(value.utf8), mode: item.mode ?? mode ?? 0o644)
        }
    }
}
