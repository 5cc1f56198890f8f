public import CoreMetrics
public import KubernetesClient
public import KubernetesModel
public import Logging
public import ServiceLifecycle

/// What a watch told about one object.
public enum ObjectChange<Object: KubernetesObject>: Sendable {
    case applied(Object)
    case deleted(Object)

    public var object: Object {
        switch self {
        case .applied(let object), .deleted(let object): object
        }
    }
}

/// Keeps a store level with a watch and tells a listener what changed.
///
/// Echoes of our own writes (see ``ObjectStore/observe(_:)``) change nothing and are not told.
public struct Informer<Object: KubernetesObject>: ServiceLifecycle.Service {
    public let store: ObjectStore<Object>
    /// `nil` for all of them.
    private let namespaces: [String?]
    private let watch: @Sendable (String?) -> any AsyncSequence<WatchOutput<Object>, Never>
    private let readiness: HealthChecks
    private let logger: Logger
    private let onChange: @Sendable ([ObjectChange<Object>]) async -> Void
    private let unreadable: UnreadableObjects

    /// - Parameters:
    ///   - namespaces: each is watched by itself, so that rights in these namespaces suffice; empty (the default): one watch of all. The store is
    ///     made for the same ones.
    ///   - readiness: gets the check `watch-<plural>` (`watch-<plural>-<namespace>`): failing until the first list, and while access is denied or
    ///     the kind is unknown.
    ///   - metrics: where objects that cannot be read are counted.
    ///   - watch: usually `{ client.watch(Object.self, namespace: $0, …, known: store.has) }`; called once for each namespace.
    ///   - onChange: called in order of each watch, whose next event waits for it.
    public init(
        store: ObjectStore<Object>, namespaces: [String] = [], readiness: HealthChecks, metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        logger: Logger,
        watch: @escaping @Sendable (_ namespace: String?) -> any AsyncSequence<WatchOutput<Object>, Never>,
        onChange: @escaping @Sendable ([ObjectChange<Object>]) async -> Void
    ) {
        self.store = store
        self.namespaces = namespaces.isEmpty ? [nil] : Set(namespaces).sorted()
        self.watch = watch
        self.readiness = readiness
        self.logger = logger
        self.onChange = onChange
        unreadable = UnreadableObjects(Object.resource, metrics: metrics)
        for namespace in self.namespaces { readiness.set(check(namespace), .failing("the first list has not arrived yet")) }
    }

    /// Watches until graceful shutdown or cancellation.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                for namespace in namespaces {
                    group.addTask { await follow(watch(namespace), namespace) }
                }
            }
        }
    }

    private func follow(_ outputs: some AsyncSequence<WatchOutput<Object>, Never>, _ namespace: String?) async {
        var isListed = false
        for await output in outputs {
            switch output {
            case .replaced(let objects, let unread):
                for object in unreadable.replace(with: unread, namespace: namespace) { report(object) }
                let (changed, removed) = store.replace(with: objects, unread: Set(unread.map { ObjectKey($0.head) }), namespace: namespace)
                isListed = true
                readiness.set(check(namespace), .passing)
                await onChange(changed.compactMap { store[$0].map { .applied($0) } } + removed.map { .deleted($0) })
            case .applied(let object):
                unreadable.forget(ObjectKey(object))
                if store.apply(object) { await onChange([.applied(object)]) }
            case .deleted(let object):
                unreadable.forget(ObjectKey(object))
                if store.remove(object) { await onChange([.deleted(object)]) }
            case .unreadable(let object):
                if unreadable.note(object) { report(object) }
                let key = ObjectKey(object.head)
                if object.isGone, let known = store[key], known.uid == object.head.uid, store.remove(known, at: object.head.resourceVersion) {
                    await onChange([.deleted(known)])
                }
            case .interrupted(let error):
                interrupted(error, namespace, isListed: isListed)
            case .resumed:
                if isListed { readiness.set(check(namespace), .passing) }
            }
        }
    }

    /// The version that could be read stays in the store: nothing can be written by it, since the object has another one, but an undo may need it.
    private func report(_ object: UnreadableObject) {
        logger.error(
            "an object cannot be read and is left alone until it changes",
            metadata: [
                "resource": "\(Object.resource)", "object": "\(ObjectKey(object.head))", "resourceVersion": "\(object.head.resourceVersion)",
                "problem": "\(object.problem)",
            ])
    }

    private func interrupted(_ error: KubernetesError, _ namespace: String?, isListed: Bool) {
        logger.warning("watch interrupted, trying again", metadata: ["resource": "\(Object.resource.plural)", "error": "\(error)"])
        let check = check(namespace)
        switch error.kind {
        // Waiting does not help here: somebody has to grant a permission or install the kind.
        case .notFound: readiness.set(check, .failing("the server has no \(Object.resource.plural).\(Object.resource.group): install its CRD"))
        case .forbidden, .unauthorized: readiness.set(check, .failing("\(error)"))
        default: if !isListed { readiness.set(check, .failing("\(error)")) }
        }
    }

    private func check(_ namespace: String?) -> String { "watch-\(Object.resource.plural)" + (namespace.map { "-" + $0 } ?? "") }
}
