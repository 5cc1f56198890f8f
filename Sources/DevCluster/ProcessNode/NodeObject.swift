import KubernetesModel
import StructuredData

/// The Node object this stand-in registers.
enum NodeObject {
    /// The kubelet's port, where the API server asks for logs.
    static let logPort = 10250

    static func make(now: Time) -> Node {
        let room = ["cpu": "64", "memory": "256Gi", "pods": "1000", "ephemeral-storage": "1Ti"]
        let ready = Condition(
            type: "Ready", status: "True", reason: "ProcessNodeReady", message: "containers are run as local processes", lastTransitionTime: now,
            lastHeartbeatTime: now)
        return Node(
            metadata: ObjectMeta(
                name: Addresses.nodeName,
                labels: ["kubernetes.io/hostname": Addresses.nodeName, "kubernetes.io/os": "linux", "dbmigration.dev/process-node": "true"]),
            spec: NodeSpec(podCIDR: "10.244.0.0/16"),
            status: NodeStatus(
                capacity: room, allocatable: room, conditions: [ready],
                addresses: [NodeAddress(type: "InternalIP", address: Addresses.node), NodeAddress(type: "Hostname", address: Addresses.nodeName)],
                daemonEndpoints: ["kubeletEndpoint": ["Port": .integer(Int64(logPort))]]))
    }
}
