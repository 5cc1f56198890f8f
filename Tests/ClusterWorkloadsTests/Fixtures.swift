import FoundationEssentials
import KubernetesModel
import MigrationCore
import MigrationPorts

@testable import ClusterWorkloads

/// What several suites share: one small migration.
enum Fixtures {
    static let migration = MigrationReference(namespace: "mys-staging", name: "mys-staging", uid: "3f2a9c10-0000-4000-8000-00000000abcd")

    static let original = "postgresql://publisher:s%40cret@old-psql:5432/publisher_db?sslmode=require#x"
    static let switched = "postgresql://publisher:s%40cret@new-psql:5433/publisher_db?sslmode=require#x"

    static func plan(
        connections: [Plan.Connection] = [connection("publisher")], targetName: String? = nil, workloads: [[String: String]] = [["app": "mys"]]
    ) -> Plan {
        Plan(
            source: Plan.Server(host: "old-psql", credentials: Plan.CredentialsReference(name: "old-admin")),
            target: Plan.Server(host: "new-psql", port: 5433, credentials: Plan.CredentialsReference(name: "new-admin")),
            databases: [Plan.Database(name: "publisher_db", targetName: targetName), Plan.Database(name: "chain_db")],
            copy: Plan.Copy(mode: .snapshot),
            cutover: Plan.Cutover(
                pauseSeconds: 60, connections: connections, workloads: workloads.map { Plan.WorkloadSelection(matchLabels: $0) }))
    }

    static func connection(
        _ secret: String, key: String = "url", database: String = "publisher_db", credentials: Plan.CredentialsReference? = nil
    ) -> Plan.Connection {
        Plan.Connection(secret: Plan.SecretKey(name: secret, key: key), database: database, credentials: credentials)
    }

    static func secret(_ name: String, _ values: [String: String]) -> Secret {
        Secret(metadata: ObjectMeta(name: name, namespace: "mys-staging", resourceVersion: "7"), data: values.mapValues { Data($0.utf8) })
    }

    static func byName(_ secrets: [Secret]) -> [ConnectionHolder.ID: ConnectionHolder] {
        Dictionary(uniqueKeysWithValues: secrets.map { ConnectionHolder($0) }.map { ($0.id, $0) })
    }
}

extension Data {
    var text: String { String(decoding: self, as: UTF8.self) }
}
