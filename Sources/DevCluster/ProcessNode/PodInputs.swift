import FoundationEssentials
import KubernetesModel

/// The Secrets and ConfigMaps a pod refers to, as far as they exist.
struct PodInputs: Sendable, Hashable {
    var secrets: [String: [String: Data]] = [:]
    var configMaps: [String: [String: Data]] = [:]

    /// The names a pod refers to.
    static func references(of pod: Pod) -> (secrets: Set<String>, configMaps: Set<String>) {
        var secrets: Set<String> = []
        var configMaps: Set<String> = []
        for container in (pod.spec?.containers ?? []) + (pod.spec?.initContainers ?? []) {
            for source in container.envFrom ?? [] {
                if let name = source.secretRef?.name { secrets.insert(name) }
                if let name = source.configMapRef?.name { configMaps.insert(name) }
            }
            for variable in container.env ?? [] {
                if let name = variable.valueFrom?.secretKeyRef?.name { secrets.insert(name) }
                if let name = variable.valueFrom?.configMapKeyRef?.name { configMaps.insert(name) }
            }
        }
        for volume in pod.spec?.volumes ?? [] {
            if let name = volume.secret?.secretName { secrets.insert(name) }
            if let name = volume.configMap?.name { configMaps.insert(name) }
            for source in volume.projected?.sources ?? [] {
                if let name = source.secret?.name { secrets.insert(name) }
                if let name = source.configMap?.name { configMaps.insert(name) }
            }
        }
        return (secrets, configMaps)
    }
}

/// Why a container cannot be created yet; becomes the message of its waiting state.
enum PodInputError: Error, Hashable, CustomStringConvertible {
    case objectMissing(kind: String, name: String)
    case keyMissing(kind: String, name: String, key: String)
    case unsupported(String)

    var description: String {
        switch self {
        case .objectMissing(let kind, let name): "\(kind) \"\(name)\" not found"
        case .keyMissing(let kind, let name, let key): "couldn't find key \(key) in \(kind) \(name)"
        case .unsupported(let what): "the dev cluster's node does not support \(what)"
        }
    }
}
