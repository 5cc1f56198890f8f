/// The modules in layers, lowest first: a module imports only from layers below its own.
enum Layers {
    static let all: [Set<String>] = [
        ["CCrypto", "CCurl", "CPostgres", "CYAML"],
        ["MigrationCore", "StructuredData", "ConnectionStrings"],
        ["MigrationPorts", "YAML", "HTTPTransport", "KubernetesModel"],
        ["KubernetesClient", "MigrationAPI", "PostgresEngine", "HealthProbes", "Notifications"],
        ["ControllerRuntime", "ClusterWorkloads"],
        ["MigrationOperator", "MigrationWorker", "DevCluster"],
        ["DemoStory", "Torture"],
        ["Benchmarks"],
        ["dbmigration", "demo-ledger"],
    ]

    /// Modules that only these may import.
    static let reservedFor: [String: Set<String>] = [
        "CCrypto": ["ClusterWorkloads", "KubernetesClient", "Notifications"],
        "CCurl": ["HTTPTransport"],
        "CPostgres": ["PostgresEngine"],
        "CYAML": ["YAML"],
        "DevCluster": ["Benchmarks", "DemoStory", "Torture", "dbmigration"],
    ]

    static func layer(_ module: String) -> Int? { all.firstIndex { $0.contains(module) } }

    /// Why `module` must not import `other`, or `nil`; `other` may be from outside the package.
    static func objection(_ module: String, imports other: String) -> String? {
        if module == "MigrationCore" { return "MigrationCore imports nothing" }
        guard let below = layer(other) else { return nil }
        guard let above = layer(module) else { return "\(module) has no layer" }
        if let only = reservedFor[other], !only.contains(module) { return "\(other) is imported only by \(only.sorted().joined(separator: ", "))" }
        if module == "ControllerRuntime", other.hasPrefix("Migration") { return "ControllerRuntime knows nothing of migrations" }
        return below < above ? nil : "\(other) (layer \(below)) is not below \(module) (layer \(above))"
    }
}
