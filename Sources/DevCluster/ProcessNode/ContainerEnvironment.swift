import FoundationEssentials
import KubernetesModel

/// The environment variables of a container, resolved in Kubernetes' order: the API server's address, `envFrom`, then `env`, where
/// a later value may use the earlier ones.
enum ContainerEnvironment {
    /// - Throws: `PodInputError` for a missing object or key that is not optional, and for fields this node does not offer.
    static func resolve(
        _ container: Container, of pod: Pod, podIP: String, searchPath: [String] = [], inputs: PodInputs
    ) throws(PodInputError) -> [String: String] {
        var variables = base(pod, searchPath)
        for source in container.envFrom ?? [] {
            for (key, value) in try values(of: source, inputs) { variables[(source.prefix ?? "") + key] = value }
        }
        for variable in container.env ?? [] {
            if let source = variable.valueFrom {
                if let value = try value(of: source, pod: pod, podIP: podIP, inputs) { variables[variable.name] = value }
            } else {
                variables[variable.name] = VariableExpansion.expand(variable.value ?? "", variables)
            }
        }
        return variables
    }

    static func base(_ pod: Pod, _ searchPath: [String]) -> [String: String] {
        let folders = searchPath + ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        return [
            "PATH": folders.joined(separator: ":"), "HOSTNAME": pod.spec?.hostname ?? pod.name, "HOME": "/",
            "KUBERNETES_SERVICE_HOST": Addresses.kubernetesService, "KUBERNETES_SERVICE_PORT": "443", "KUBERNETES_SERVICE_PORT_HTTPS": "443",
            "KUBERNETES_PORT": "tcp://\(Addresses.kubernetesService):443",
        ]
    }

    private static func values(of source: EnvFromSource, _ inputs: PodInputs) throws(PodInputError) -> [String: String] {
        if let reference = source.secretRef {
            return try object("secret", reference.name, inputs.secrets, optional: reference.optional).mapValues(text)
        }
        if let reference = source.configMapRef {
            return try object("configmap", reference.name, inputs.configMaps, optional: reference.optional).mapValues(text)
        }
        return [:]
    }

    private static func value(of source: EnvVarSource, pod: Pod, podIP: String, _ inputs: PodInputs) throws(PodInputError) -> String? {
        if let selector = source.secretKeyRef { return try key(selector, "secret", inputs.secrets) }
        if let selector = source.configMapKeyRef { return try key(selector, "configmap", inputs.configMaps) }
        if let field = source.fieldRef {
            guard let value = PodFields.value(field.fieldPath, of: pod, podIP: podIP) else { throw .unsupported("fieldRef \(field.fieldPath)") }
            return value
        }
        throw .unsupported("resourceFieldRef")
    }

    private static func key(_ selector: KeySelector, _ kind: String, _ objects: [String: [String: Data]]) throws(PodInputError) -> String? {
        let values = try object(kind, selector.name, objects, optional: selector.optional)
        if let value = values[selector.key] { return text(value) }
        guard selector.optional == true else { throw .keyMissing(kind: kind, name: selector.name ?? "", key: selector.key) }
        return nil
    }

    private static func object(
        _ kind: String, _ name: String?, _ objects: [String: [String: Data]], optional: Bool?
    ) throws(PodInputError) -> [String: Data] {
        if let found = objects[name ?? ""] { return found }
        guard optional == true else { throw .objectMissing(kind: kind, name: name ?? "") }
        return [:]
    }

    private static func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self) }
}
