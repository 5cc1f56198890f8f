import FoundationEssentials
public import Logging
import StructuredData

/// What runs inside the sandbox: starts every component, then keeps them until one ends.
public struct Supervisor: Sendable {
    private let folder: StateFolder
    private let logger: Logger
    private let components: RunningComponents

    /// - Parameter folder: the state folder, prepared by ``DevCluster``.
    public init(folder: String, logger: Logger) {
        self.folder = StateFolder(path: folder)
        components = RunningComponents(folder: self.folder)
        self.logger = logger
    }

    /// Runs until a component ends. The caller's process is then expected to end, and with it the sandbox.
    ///
    /// - Throws: `DevClusterError` about the component that failed.
    public func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await components.waitForEnd() }
            group.addTask {
                let node = try await bringUp()
                try await node.run()
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func bringUp() async throws -> ProcessNode {
        let options = try JSON.decode(DevClusterOptions.self, from: Data(contentsOf: URL(filePath: folder.options)))
        let certificates = Certificates(folder: folder.certificates)
        try await certificates.createAuthority()
        let controlPlane = ControlPlane(
            folder: folder, binaries: try ControlPlaneBinaries.find(), certificates: certificates, adminToken: Redacted(RandomSecret.make()))
        async let servers = startServers(certificates, options)
        let node = try await start(controlPlane, options)
        let state = DevClusterState(
            name: options.name, folder: folder.path, holder: try holder(), kubeconfig: folder.kubeconfig, server: ControlPlane.server,
            certificateAuthority: certificates.authority, binaries: controlPlane.binaries, auditLog: folder.auditLog, servers: try await servers,
            images: options.images)
        try Files.write(JSON.text(state, pretty: true), to: folder.state)
        logger.info("the dev cluster is ready", metadata: ["name": "\(options.name)"])
        return node
    }

    private func holder() throws -> NamespaceHolder {
        // Its process number is one of the outer namespace: alive or not cannot be asked from here.
        guard let holder = folder.recordedHolder() else { throw CocoaError(.fileReadCorruptFile, userInfo: ["path": folder.holder]) }
        return holder
    }

    private func start(_ controlPlane: ControlPlane, _ options: DevClusterOptions) async throws -> ProcessNode {
        let restarts = options.restartsComponents
        components.launch(controlPlane.etcd, restarts: restarts)
        try await controlPlane.certificates.createServiceAccountKey()
        try await controlPlane.prepare()
        try await controlPlane.etcd.waitUntilReady(within: .seconds(30)) { try await controlPlane.etcdIsHealthy() }
        components.launch(controlPlane.apiServer, restarts: restarts)
        try await controlPlane.apiServer.waitUntilReady(within: .seconds(90)) { try await controlPlane.apiServerIsReady() }
        components.launch(controlPlane.controllerManager, restarts: restarts)
        let node = try ProcessNode(
            folder: folder, images: options.images, searchPath: PostgresBinaries.searchPath(options.postgres),
            volumeSeconds: options.volumeSeconds, certificates: controlPlane.certificates,
            logger: logger)
        try await node.register()
        // The controller manager works once it has made the account that pods of the default namespace run as.
        try await controlPlane.controllerManager.waitUntilReady(within: .seconds(60)) { try await node.canRunPods() }
        return node
    }

    private func startServers(_ certificates: Certificates, _ options: DevClusterOptions) async throws -> DevServers {
        let restarts = options.restartsComponents
        let ofSource = try await PostgresBinaries.mounted(options.postgres.source, role: "source")
        let ofTarget = try await PostgresBinaries.mounted(options.postgres.target, role: "target")
        let sslMode = ofSource.offersTLS && ofTarget.offersTLS ? "verify-full" : "prefer"
        let make = { (role: String, host: String, address: String, binaries: PostgresBinaries) in
            PostgresServer(
                role: role, host: host, address: address, folder: folder, binaries: binaries, sslMode: sslMode, certificates: certificates)
        }
        let source = make("source", Addresses.sourceHost, Addresses.source, ofSource)
        let target = make("target", Addresses.targetHost, Addresses.target, ofTarget)
        async let first: Void = start(source, restarts: restarts)
        async let second: Void = start(target, restarts: restarts)
        _ = try await (first, second)
        return DevServers(source: source.state, target: target.state)
    }

    private func start(_ server: PostgresServer, restarts: Bool) async throws {
        try await server.prepare()
        components.launch(server.component, restarts: restarts)
        try await server.component.waitUntilReady(within: .seconds(60)) { try await server.isReady() }
        try await server.createAdministrator()
    }
}
