package import DevCluster
import FoundationEssentials
package import KubernetesClient
import KubernetesModel
package import MigrationCore
package import MigrationPorts
package import PostgresEngine
package import StructuredData
import Subprocess

/// The dev cluster all runs share, with the controller installed from `manifests/`; benchmarks use it too.
package struct Cluster: Sendable {
    package let state: DevClusterState
    package let client: KubernetesClient
    let components: DevComponents

    package static let systemNamespace = "dbmigration-system"
    package static let controller = "dbmigration"

    package init() throws {
        guard let state = try DevClusterState.fromEnvironment() else { throw TortureError.noDevCluster }
        self.state = state
        client = KubernetesClient(
            try ClusterConfiguration.kubeconfig(paths: [state.kubeconfig]),
            fieldManager: "dbmigration-torture")
        components = try DevComponents(state)
        guard components.process(.source) != nil else { throw TortureError.noRestarts }
    }

    /// - Parameter switches: variables for the controller.
    package func install(manifests: String, switches: [String: String]) async throws {
        // The 1.20 server does not know CEL rules; current clients would refuse the field.
        _ = try await kubectl("apply", "--validate=false", "-k", manifests + "/default")
        for (name, value) in switches {
            _ = try await kubectl(
                "set", "env", "deployment/\(Self.controller)", "\(name)=\(value)", "-n",
                Self.systemNamespace)
        }
        _ = try await kubectl(
            "wait", "--for=condition=Established", "crd/databasemigrations.migrations.mystira.app",
            "--timeout=60s")
        _ = try await kubectl(
            "rollout", "status", "deployment/\(Self.controller)", "-n", Self.systemNamespace,
            "--timeout=120s")
    }

    package func kubectl(_ arguments: String...) async throws -> String {
        let result = try await Subprocess.run(
            .name("env"),
            arguments: Arguments(
                [
                    "--", "\(state.binaries)/kubectl", "--kubeconfig", state.kubeconfig,
                    "--request-timeout=20s",
                ] + arguments),
            output: .string(limit: 1 << 22), error: .combinedWithOutput)
        guard result.terminationStatus.isSuccess else {
            throw TortureError.program(
                "kubectl \(arguments.joined(separator: " "))", output: result.standardOutput)
        }
        return result.standardOutput
    }

    /// Waits until everything that may have been broken works again.
    package func healthy(seconds: Int) async throws {
        try await insist("the API server to answer", seconds: seconds) {
            _ = try await client.get(Namespace.self, "default")
            return true
        }
        for side in Side.allCases {
            try await insist("the \(side.rawValue) server to answer", seconds: seconds) {
                try await rows(side, "postgres", "SELECT 1").count == 1
            }
        }
        try await insist("the controller to be ready", seconds: seconds) {
            try await client.get(Deployment.self, Self.controller, namespace: Self.systemNamespace)
                .status?.readyReplicas == 1
        }
    }

    package func server(_ side: Side) -> DevServer {
        side == .source ? state.servers.source : state.servers.target
    }

    package func access(_ side: Side, user: String, password: Redacted<String>) -> ServerAccess {
        let server = server(side)
        let plan = Plan.Server(host: server.host, port: server.port, credentials: .init(name: ""))
        return ServerAccess(
            server: plan, user: user, password: password,
            certificateAuthorityFile: server.certificateAuthority)
    }

    /// Runs statements on one side as superuser, in a session of their own.
    @discardableResult
    package func rows(_ side: Side, _ database: String, _ text: String) async throws -> Rows {
        let superuser = server(side).superuser
        let session = try await PostgresConnection.open(
            access(side, user: superuser.user, password: superuser.password),
            ConnectionOptions(
                database: database, applicationName: "torture-check", connectSeconds: 5,
                settings: ["default_transaction_read_only": "off"]))
        do {
            let rows = try await session.rows(text)
            await session.close()
            return rows
        } catch {
            await session.close()
            throw error
        }
    }
}
