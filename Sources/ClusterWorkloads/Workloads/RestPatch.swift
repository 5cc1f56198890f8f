import KubernetesModel
import MigrationCore
import StructuredData

extension Workload {
    /// A member that makes a workload rest.
    enum Switchable: Sendable, Hashable {
        case suspend(Bool)
        case replicas(Int)

        var isAtRest: Bool { self == .suspend(true) || self == .replicas(0) }
        var member: String { if case .suspend = self { "suspend" } else { "replicas" } }
        /// As an annotation holds it.
        var text: String {
            switch self {
            case .suspend(let value): "\(value)"
            case .replicas(let value): "\(value)"
            }
        }

        var value: JSONValue {
            switch self {
            case .suspend(let value): .bool(value)
            case .replicas(let value): .integer(Int64(value))
            }
        }

        var atRest: Switchable { if case .suspend = self { .suspend(true) } else { .replicas(0) } }

        /// What an annotation says; `nil` when it says nothing of the kind.
        func reading(_ text: String) -> Switchable? {
            if case .suspend = self { Bool(text).map(Switchable.suspend) } else { Int(text).map(Switchable.replicas) }
        }
    }
}

/// Changes that let a workload rest for a migration, and put back what it was. Pure.
struct RestPatch: Sendable {
    /// The migration's.
    var uid: String

    /// Whether it carries what it was before, for this migration.
    func isHeld(_ workload: Workload) -> Bool { workload.metadata.annotations?[ClusterNames.restsFor] == uid }

    /// `nil` when it rests already, on whose account ever. One that somebody woke keeps what it was at first.
    func rest(_ workload: Workload) -> JSONValue? {
        guard let now = workload.switchable, !now.isAtRest else { return nil }
        let before = isHeld(workload) ? workload.metadata.annotations?[ClusterNames.restsFrom] ?? now.text : now.text
        return document(now.atRest, annotations: [ClusterNames.restsFor: .string(uid), ClusterNames.restsFrom: .string(before)])
    }

    /// `nil` when it does not rest for this migration. What somebody changed meanwhile stays as they want it.
    func back(_ workload: Workload) -> JSONValue? {
        guard isHeld(workload) else { return nil }
        let gone: [String: JSONValue] = [ClusterNames.restsFor: .null, ClusterNames.restsFrom: .null]
        guard let now = workload.switchable, now.isAtRest, let before = workload.metadata.annotations?[ClusterNames.restsFrom].flatMap(now.reading)
        else { return ["metadata": ["annotations": .object(gone)]] }
        return document(before, annotations: gone)
    }

    private func document(_ value: Workload.Switchable, annotations: [String: JSONValue]) -> JSONValue {
        ["metadata": ["annotations": .object(annotations)], "spec": .object([value.member: value.value])]
    }
}
