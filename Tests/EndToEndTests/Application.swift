import DevCluster
import KubernetesClient
import KubernetesModel
import StructuredData

/// The application of a scenario: the demo's ledger service.
enum Application: Sendable {
    case serving
    /// Its /health fails, and it takes no entries, as soon as it is pointed at the target.
    case unwellOnTarget
    case none
}

extension Scenario {
    func arrange(_ application: Application) async throws {
        guard application != .none else { return }
        let labels: JSONValue = ["app": "ledger"]
        let variables: [JSONValue] = application == .unwellOnTarget ? [["name": "FAIL_HEALTH_WHEN_HOST", "value": .string(targetHost)]] : []
        let deployment: JSONValue = [
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "ledger", "namespace": .string(namespace), "labels": labels],
            "spec": ["replicas": 1, "selector": ["matchLabels": labels], "template": podTemplate(labels, variables)],
        ]
        let service: JSONValue = [
            "apiVersion": "v1", "kind": "Service", "metadata": ["name": "ledger", "namespace": .string(namespace)],
            "spec": ["selector": labels, "ports": [["name": "http", "port": 80, "targetPort": "http"]]],
        ]
        _ = try await lab.client.create(Deployment.resource, deployment)
        _ = try await lab.client.create(Service.resource, service)
        try await lab.waitFor(Deployment.self, "ledger", namespace, "the application to be ready") { $0.status?.readyReplicas == 1 }
    }

    /// A pod of the ledger service that reads the Secret.
    func podTemplate(_ labels: JSONValue, _ variables: [JSONValue] = []) -> JSONValue {
        let environment: [JSONValue] =
            [
                ["name": "DATABASE_URL", "valueFrom": ["secretKeyRef": ["name": .string(Self.secret), "key": .string(Self.key)]]],
                ["name": "POD_IP", "valueFrom": ["fieldRef": ["fieldPath": "status.podIP"]]],
            ] + variables
        return [
            "metadata": ["labels": labels],
            "spec": [
                "terminationGracePeriodSeconds": 2,
                "containers": [
                    [
                        "name": "ledger", "image": "demo-ledger", "env": .array(environment),
                        "ports": [["name": "http", "containerPort": 8080]],
                        "readinessProbe": ["httpGet": ["path": "/ready", "port": "http"], "periodSeconds": 1],
                    ]
                ],
            ],
        ]
    }
}
