import KubernetesModel

/// The fields of a pod that the downward API offers.
enum PodFields {
    /// The value at a field path; `nil` when this node does not offer the field. A field that is not set is empty.
    static func value(_ path: String, of pod: Pod, podIP: String) -> String? {
        switch path {
        case "metadata.name": pod.name
        case "metadata.namespace": pod.namespace ?? ""
        case "metadata.uid": pod.uid ?? ""
        case "metadata.labels": lines(pod.metadata.labels)
        case "metadata.annotations": lines(pod.metadata.annotations)
        case "spec.nodeName": Addresses.nodeName
        case "spec.serviceAccountName": pod.spec?.serviceAccountName ?? "default"
        case "status.podIP", "status.podIPs": podIP
        case "status.hostIP", "status.hostIPs": Addresses.node
        default: member(path, of: pod)
        }
    }

    /// `metadata.labels['key']` and `metadata.annotations['key']`.
    private static func member(_ path: String, of pod: Pod) -> String? {
        guard path.hasSuffix("']"), let open = path.firstIndex(of: "[") else { return nil }
        let key = String(path[open...].dropFirst(2).dropLast(2))
        switch path[..<open] {
        case "metadata.labels": return pod.metadata.labels?[key] ?? ""
        case "metadata.annotations": return pod.metadata.annotations?[key] ?? ""
        default: return nil
        }
    }

    private static func lines(_ values: [String: String]?) -> String {
        (values ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\"\($0.value)\"" }.joined(separator: "\n")
    }
}
