// swift-tools-version: 6.2
import PackageDescription

// Layers, lowest first; a module imports only from layers below its own.
// Tests/ArchitectureTests holds the same table and fails when an import breaks it.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]
let moduleSettings = settings + [.strictMemorySafety()]
// Millions of decisions are searched by the tests of the core: optimised in debug builds too, they take a fraction of the time.
let searched: [SwiftSetting] = [.unsafeFlags(["-O"], .when(configuration: .debug))]

let deque: Target.Dependency = .product(name: "DequeModule", package: "swift-collections")
let heap: Target.Dependency = .product(name: "HeapModule", package: "swift-collections")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let server: Target.Dependency = .product(name: "FlyingFox", package: "FlyingFox")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

func module(_ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = moduleSettings) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], settings: [SwiftSetting] = settings) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let package = Package(
    name: "dbmigration",
    products: [
        .executable(name: "dbmigration", targets: ["dbmigration"]),
        .executable(name: "demo-ledger", targets: ["demo-ledger"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
    ],
    targets: [
        // 0: C libraries
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CPostgres", linkerSettings: [.linkedLibrary("pq")]),
        .target(name: "CYAML", linkerSettings: [.linkedLibrary("yaml")]),
        .target(name: "CCrypto", linkerSettings: [.linkedLibrary("crypto")]),

        // 1: pure
        module("MigrationCore", settings: moduleSettings + searched),
        module("StructuredData"),
        module("ConnectionStrings"),

        // 2: ports and plain adapters
        module("MigrationPorts", ["MigrationCore", "StructuredData"]),
        module("YAML", ["CYAML", "StructuredData"]),
        module("HTTPTransport", ["CCurl", "StructuredData"]),
        module("KubernetesModel", ["StructuredData"]),

        // 3: adapters
        module("KubernetesClient", ["CCrypto", "HTTPTransport", "KubernetesModel", "StructuredData", "YAML", subprocess, log]),
        module("MigrationAPI", ["MigrationCore", "MigrationPorts", "KubernetesModel", "StructuredData"]),
        module("PostgresEngine", ["CPostgres", "ConnectionStrings", "MigrationCore", "MigrationPorts", "StructuredData", subprocess, log]),
        module("HealthProbes", ["HTTPTransport", "MigrationCore", "MigrationPorts", "StructuredData"]),

        module("Notifications", ["CCrypto", "HTTPTransport", "KubernetesModel", "MigrationCore", "MigrationPorts", "StructuredData"]),

        // 4: runtime
        module(
            "ControllerRuntime", ["KubernetesClient", "KubernetesModel", "StructuredData", deque, heap, log, metrics, lifecycle, signals, server]),
        module(
            "ClusterWorkloads",
            ["CCrypto", "ConnectionStrings", "KubernetesClient", "KubernetesModel", "MigrationCore", "MigrationPorts", "StructuredData", log]),

        // 5: assembly
        module(
            "MigrationOperator",
            [
                "ClusterWorkloads", "ConnectionStrings", "ControllerRuntime", "HTTPTransport", "HealthProbes", "KubernetesClient", "KubernetesModel",
                "MigrationAPI", "MigrationCore", "MigrationPorts", "Notifications", "PostgresEngine", "StructuredData", log, metrics, lifecycle,
            ]),
        module("MigrationWorker", ["MigrationCore", "MigrationPorts", "PostgresEngine", "StructuredData", log]),
        module("DevCluster", ["HTTPTransport", "KubernetesClient", "KubernetesModel", "StructuredData", "YAML", subprocess, log]),

        // 6: the demo's story, told inside a dev cluster
        module(
            "DemoStory",
            [
                "ConnectionStrings", "DevCluster", "HTTPTransport", "KubernetesClient", "KubernetesModel", "MigrationAPI", "StructuredData", "YAML",
                subprocess,
            ],
            // Swift 6.3.1 crashes while it optimizes this module's coroutines; the demo has no need for speed.
            settings: moduleSettings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]),

        // 6: random runs with random faults, and whether anything was lost
        module(
            "Torture",
            [
                "DevCluster", "KubernetesClient", "KubernetesModel", "MigrationAPI", "MigrationCore", "MigrationPorts", "PostgresEngine",
                "StructuredData",
                subprocess,
            ],
            // As the demo's story.
            settings: moduleSettings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]),

        // 7: what is measured, on torture's stage
        module(
            "Benchmarks",
            [
                "DevCluster", "KubernetesClient", "KubernetesModel", "MigrationAPI", "MigrationCore", "MigrationPorts", "PostgresEngine",
                "StructuredData", "Torture",
                subprocess, log,
            ],
            // As the demo's story.
            settings: moduleSettings + [.unsafeFlags(["-Onone"], .when(configuration: .release))]),

        // 8: executables
        .executableTarget(
            name: "dbmigration",
            dependencies: [
                "Benchmarks", "ControllerRuntime", "DemoStory", "DevCluster", "KubernetesClient", "KubernetesModel", "MigrationAPI", "MigrationCore",
                "MigrationOperator", "MigrationPorts", "MigrationWorker", "Notifications", "StructuredData", "Torture", "YAML", arguments, log,
            ],
            swiftSettings: moduleSettings),
        .executableTarget(
            name: "demo-ledger", dependencies: ["PostgresEngine", "ConnectionStrings", "StructuredData", server, log], swiftSettings: moduleSettings),
        // Servers for tests: scripted ones, and one that passes requests on and breaks what it is told to.
        .target(name: "TestServers", dependencies: ["HTTPTransport", "StructuredData"], path: "Tests/TestServers", swiftSettings: settings),
        tests("ArchitectureTests", []),
        tests("ConnectionStringsTests", ["CPostgres", "ConnectionStrings"]),
        tests(
            "DevClusterTests",
            ["DevCluster", "KubernetesClient", "KubernetesModel", "StructuredData", server, .product(name: "FlyingSocks", package: "FlyingFox"), log]),
        tests("DemoTests", ["ConnectionStrings", "DemoStory", "DevCluster", "MigrationAPI", "StructuredData"]),
        tests("TortureTests", ["MigrationCore", "Torture"]),
        tests("BenchmarksTests", ["Benchmarks", "StructuredData"]),
        tests("YAMLTests", ["StructuredData", "YAML"]),
        tests("HTTPTransportTests", ["HTTPTransport", "StructuredData", "TestServers"]),
        tests("KubernetesClientTests", ["HTTPTransport", "KubernetesClient", "KubernetesModel", "StructuredData", "TestServers"]),
        tests("MigrationCoreTests", ["MigrationCore"], settings: settings + searched),
        tests("MigrationAPITests", ["KubernetesModel", "MigrationAPI", "MigrationCore", "StructuredData", "YAML"]),
        tests(
            "MigrationOperatorTests",
            [
                "ControllerRuntime", "KubernetesClient", "KubernetesModel", "MigrationAPI", "MigrationCore", "MigrationOperator", "MigrationPorts",
                "PostgresEngine", "StructuredData", "TestServers",
            ]),
        tests(
            "ControllerRuntimeTests",
            ["ControllerRuntime", "HTTPTransport", "KubernetesClient", "KubernetesModel", "StructuredData", "TestServers", lifecycle, log, metrics]),
        tests(
            "PostgresEngineTests", ["PostgresEngine", "MigrationWorker", "MigrationCore", "MigrationPorts", "StructuredData", "TestServers", log],
            exclude: ["Fixtures"]),
        tests(
            "HealthProbesTests",
            [
                "HealthProbes", "HTTPTransport", "MigrationCore", "MigrationPorts", "TestServers", server,
                .product(name: "FlyingSocks", package: "FlyingFox"),
            ]),
        tests("NotificationsTests", ["HTTPTransport", "MigrationCore", "MigrationPorts", "Notifications", "StructuredData", "TestServers"]),
        tests(
            "ClusterWorkloadsTests",
            [
                "ClusterWorkloads", "ConnectionStrings", "KubernetesClient", "KubernetesModel", "MigrationCore", "MigrationPorts", "StructuredData",
                "TestServers",
            ], exclude: ["Golden"]),
        tests(
            "EndToEndTests",
            [
                "DevCluster", "HTTPTransport", "KubernetesClient", "KubernetesModel", "MigrationAPI", "MigrationCore", "MigrationPorts",
                "PostgresEngine", "StructuredData", "TestServers",
            ]),
    ]
)
