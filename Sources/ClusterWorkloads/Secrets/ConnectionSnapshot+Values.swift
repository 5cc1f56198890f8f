import FoundationEssentials
import KubernetesModel
import MigrationCore

extension ConnectionSnapshot {
    /// One key, and the object it belongs to.
    struct Value: Sendable {
        var id: ConnectionHolder.ID
        var value: ConnectionValue

        var writer: String? {
            get { value.writer }
            set { value.writer = newValue }
        }

        /// It does not lead any more to where we wrote it to.
        var wasTurnedBack: Bool {
            guard let written = value.written, let state = value.state else { return false }
            return state != (written == .source ? .source : .target)
        }
    }

    /// Every key of the plan's connections that exists, in order of objects and keys.
    func values(attempt: Int) -> [Value] {
        let wanted = plan.cutover.isWrittenOutside ? digestKey.map(wantedDigests) ?? [:] : [:]
        var found: [ConnectionHolder.ID: [String: [SecretsState?]]] = [:]
        for connection in plan.cutover.connections {
            let route = looking(connection)
            for unit in (try? units(route)) ?? [] {
                let state = state(route, unit)
                for key in unit.keys where holders[route.holder]?.values[key] != nil {
                    found[route.holder, default: [:]][key, default: []].append(state)
                }
            }
        }
        return found.keys.sorted().flatMap { id in
            let written = Originals.written(kept[id], attempt: attempt)
            return (found[id] ?? [:]).sorted { $0.key < $1.key }.map { key, states in
                let state = states.contains(nil) ? nil : Set(states).count == 1 ? states[0] : .mixed
                let digests = wanted[id]?[key] ?? [:]
                return Value(
                    id: id,
                    value: ConnectionValue(
                        object: id.description, key: key, state: state, written: written, digests: digests,
                        original: kept[id].flatMap { $0.data?[key] == nil ? nil : $0.name }))
            }
        }
    }

    /// What each key has to hold to lead to a side, where that can be told.
    private func wantedDigests(_ digestKey: Data) -> [ConnectionHolder.ID: [String: [Side: String]]] {
        var digests: [ConnectionHolder.ID: [String: [Side: String]]] = [:]
        for side in Side.allCases {
            guard let changes = try? changes(to: side) else { continue }
            let changed = Dictionary(uniqueKeysWithValues: changes.map { ($0.holder.id, $0.values) })
            for (id, holder) in holders {
                for (key, value) in holder.values {
                    let wanted = changed[id]?[key] ?? value
                    digests[id, default: [:]][key, default: [:]][side] = ValueDigest.text(of: wanted, key: digestKey)
                }
            }
        }
        return digests
    }
}
