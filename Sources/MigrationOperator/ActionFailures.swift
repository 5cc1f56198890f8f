import ControllerRuntime
import MigrationCore
import Synchronization

/// Why the last try of an action failed, so that status says it while the action is tried again. Memory only: display, never a decision.
final class ActionFailures: Sendable {
    private let texts = Mutex<[ObjectKey: [String: String]]>([:])

    func failed(_ action: Action, _ text: String, key: ObjectKey) {
        texts.withLock { $0[key, default: [:]][name(action)] = String(text.prefix(1000)) }
    }

    func succeeded(_ action: Action, key: ObjectKey) {
        texts.withLock { $0[key]?[name(action)] = nil }
    }

    func forget(_ key: ObjectKey) {
        texts.withLock { $0[key] = nil }
    }

    /// Adds the last failure of an action that is decided again to what status says about it.
    func explain(_ decision: inout Decision, key: ObjectKey) {
        let failed = texts.withLock { $0[key] } ?? [:]
        guard let text = decision.actions.compactMap({ failed[name($0)] }).first else { return }
        guard case .progressing(let cause) = decision.standing else { return }
        decision.standing = .progressing(.init(.progressingWithRetry, "\(cause.message) The last try failed: \(text)"))
    }

    /// The action without its epoch: trying again with a newer epoch is still the same trouble.
    private func name(_ action: Action) -> String { String("\(action)".prefix { $0 != "(" }) }
}
