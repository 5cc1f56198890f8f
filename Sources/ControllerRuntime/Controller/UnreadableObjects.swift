import CoreMetrics
import KubernetesClient
import KubernetesModel
import Synchronization

/// The objects of one kind that cannot be read at present, counted in the series `informer_unreadable_objects`.
final class UnreadableObjects: Sendable {
    private let present = Mutex<[ObjectKey: UnreadableObject]>([:])
    private let count: Gauge

    init(_ resource: APIResource, metrics: any MetricsFactory) {
        count = Gauge(label: "informer_unreadable_objects", dimensions: [("resource", resource.description)], factory: metrics)
        count.record(0)
    }

    /// Takes one that was added, changed or deleted. Returns whether there is anything to tell about it.
    func note(_ object: UnreadableObject) -> Bool {
        guard !object.isGone else {
            forget(ObjectKey(object.head))
            return false
        }
        return change { $0.updateValue(object, forKey: ObjectKey(object.head)) != object }
    }

    /// It can be read again, or is gone.
    func forget(_ key: ObjectKey) {
        let isNone = present.withLock { $0.isEmpty }
        if !isNone { change { $0[key] = nil } }
    }

    /// Takes those of a complete list of one namespace, or of all (`nil`). Returns those there is anything to tell about.
    func replace(with listed: [UnreadableObject], namespace: String?) -> [UnreadableObject] {
        change { present in
            let news = listed.filter { present[ObjectKey($0.head)] != $0 }
            present = present.filter { namespace != nil && $0.key.namespace != namespace }
            for object in listed { present[ObjectKey(object.head)] = object }
            return news
        }
    }

    @discardableResult
    private func change<Answer>(_ body: (inout [ObjectKey: UnreadableObject]) -> Answer) -> Answer {
        let (answer, number) = present.withLock { present in
            let answer = body(&present)
            return (answer, present.count)
        }
        count.record(number)
        return answer
    }
}
