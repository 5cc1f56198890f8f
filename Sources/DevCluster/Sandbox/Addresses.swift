/// The fixed addresses inside the sandbox's network, which no other cluster shares.
enum Addresses {
    /// What the API server advertises; loopback addresses are refused in Endpoints.
    static let node = "10.0.0.1"
    /// The first of the service range: the `kubernetes` service.
    static let kubernetesService = "10.96.0.1"
    static let serviceRange = "10.96.0.0/16"
    static let source = "10.97.0.10"
    static let target = "10.97.0.20"

    static let all = [node, kubernetesService, source, target]

    /// The names of the mission's staging servers; their certificates are for these.
    static let sourceHost = "mys-staging-db-psql-eus.postgres.database.azure.com"
    static let targetHost = "mys-staging-core-psql-san.postgres.database.azure.com"

    static let nodeName = "dev-node"
    static let apiServerNames = ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]

    /// The address of the n-th pod: 10.244.0.1 upwards, never ending in 0 or 255.
    static func pod(_ index: Int) -> String { "10.244.\(index / 254 % 256).\(index % 254 + 1)" }
}
