import KubernetesClient
import KubernetesModel
import MigrationAPI
import Synchronization

/// When the controller has answered the changes of each object, as somebody sees it who watches them.
final class AnswerWatch: Sendable {
    private struct Answer {
        var generation: Int64
        var at: ContinuousClock.Instant
    }

    private let answers = Mutex<[String: Answer]>([:])
    private let changes = Mutex(0)

    /// Follows the cluster until the task is cancelled.
    func follow(_ client: KubernetesClient, namespace: String) async {
        for await output in client.watch(SeenMigration.self, namespace: namespace) {
            switch output {
            case .replaced(let all, _): for object in all { note(object) }
            case .applied(let object):
                changes.withLock { $0 += 1 }
                note(object)
            case .deleted, .unreadable, .interrupted, .resumed: break
            }
        }
    }

    private func note(_ object: SeenMigration) {
        guard let seen = object.status?.observedGeneration else { return }
        let now = ContinuousClock.now
        answers.withLock { answers in
            if (answers[object.name]?.generation ?? 0) < seen { answers[object.name] = Answer(generation: seen, at: now) }
        }
    }

    /// How many changes of objects the API server has told, answers included.
    var events: Int { changes.withLock { $0 } }

    /// How many objects have been answered at all.
    var count: Int { answers.withLock { $0.count } }

    /// When the last object was answered for the first time or again.
    var last: ContinuousClock.Instant? { answers.withLock { $0.values.map(\.at).max() } }

    /// When an object's generation was answered; `nil` when it was not yet.
    func answered(_ name: String, _ generation: Int64) -> ContinuousClock.Instant? {
        answers.withLock { answers in answers[name].flatMap { $0.generation >= generation ? $0.at : nil } }
    }
}

/// As much of a `DatabaseMigration` as tells what has been answered: reading all of it would take processor time from what is measured.
struct SeenMigration: KubernetesObject {
    struct Status: Codable, Hashable {
        var observedGeneration: Int64?
    }

    static let resource = DatabaseMigration.resource

    var metadata: ObjectMeta
    var status: Status?
}
