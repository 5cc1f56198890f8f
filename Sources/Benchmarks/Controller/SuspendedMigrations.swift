import KubernetesClient
import KubernetesModel
import MigrationAPI
import StructuredData
import Torture

/// Migrations with which a controller has nothing to do but to answer each change.
struct SuspendedMigrations: Sendable {
    let client: KubernetesClient
    let namespace: String
    let count: Int

    private static let creators = 16

    func create() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for creator in 0..<Self.creators {
                group.addTask {
                    for number in stride(from: creator, to: count, by: Self.creators) {
                        _ = try await client.create(DatabaseMigration.resource, manifest(number))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func name(_ number: Int) -> String { "move-\(number)" }

    private func manifest(_ number: Int) -> JSONValue {
        func server(_ side: String) -> JSONValue {
            ["host": .string("\(side)-\(number).example.com"), "credentialsSecretRef": ["name": .string("\(side)-admin")]]
        }
        return [
            "apiVersion": "migrations.mystira.app/v1alpha1", "kind": "DatabaseMigration",
            "metadata": ["name": .string(Self.name(number)), "namespace": .string(namespace)],
            "spec": [
                "suspend": true, "goal": "Ready", "source": server("old"), "target": server("new"), "databases": [["name": "ledger"]],
                "cutover": [
                    "connections": [["secretRef": ["name": .string("app-\(number)"), "key": "url"], "database": "ledger"]],
                    "workloads": [["selector": ["matchLabels": ["app": "ledger"]]]],
                ],
            ],
        ]
    }

    /// One change of an object's spec, and when it was begun.
    struct Change: Sendable {
        var name: String
        var generation: Int64
        var begunAt: ContinuousClock.Instant

        /// Waits for the answer.
        /// - Returns: milliseconds it took from the beginning of the change.
        func latency(_ answers: AnswerWatch, limitSeconds: Int) async throws -> Double {
            let deadline = ContinuousClock.now + .seconds(limitSeconds)
            while ContinuousClock.now < deadline {
                if let at = answers.answered(name, generation) { return (at - begunAt) / .milliseconds(1) }
                try await Task.sleep(for: .milliseconds(1))
            }
            throw TortureError.waited(seconds: limitSeconds, what: "an answer to the change of \(name)", state: "")
        }
    }

    /// - Parameters:
    ///   - number: of the object, counted round and round.
    ///   - value: one the object does not have: an equal one would be no change.
    func change(_ number: Int, to value: Int) async throws -> Change {
        let begunAt = ContinuousClock.now
        let name = Self.name(number % count)
        let spec: JSONValue = ["cutover": ["maxPauseSeconds": .integer(Int64(100 + value))]]
        let changed = try await client.patch(SeenMigration.self, name, namespace: namespace, .merge(["spec": spec]))
        return Change(name: name, generation: changed.metadata.generation ?? 0, begunAt: begunAt)
    }
}
