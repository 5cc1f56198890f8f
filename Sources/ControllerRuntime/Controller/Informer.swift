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
/// Echoes of our own writes (see ``ObjectStore/observe(_:replacing:)``) change nothing and are not told.
public struct Informer<Object: KubernetesObject>: ServiceLifecycle.Service {
    public let store: ObjectStore<Object>
    private let watch: @Sendable () -> any AsyncSequence<WatchOutput<Object>, Never>
    private let readiness: HealthChecks
    private let logger: Logger
    private let onChange: @Sendable ([ObjectChange<Object>]) async -> Void

    /// - Parameters:
    ///   - watch: usually `{ client.watch(Object.self, …) }`; called once.
    ///   - readiness: gets the check `watch-<plural>`: failing until the first list, and while access is denied or the kind is unknown.
    ///   - onChange: called in order; the next watch event waits for it.
    public init(
        store: ObjectStore<Object>, readiness: HealthChecks, logger: Logger,
        watch: @escaping @Sendable () -> any AsyncSequence<WatchOutput<Object>, Never>,
        onChange: @escaping @Sendable ([ObjectChange<Object>]) async -> Void
    ) {
        self.store = store
        self.watch = watch
        self.readiness = readiness
        self.logger = logger
        self.onChange = onChange
        readiness.set(check, .failing("the first list has not arrived yet"))
    }

    /// Watches until graceful shutdown or cancellation.
    public func run() async throws {
        await cancelWhenGracefulShutdown { await follow(watch()) }
    }

    private func follow(_ outputs: some AsyncSequence<WatchOutput<Object>, Never>) async {
        for await output in outputs {
            switch output {
            case .replaced(let objects):
                let (changed, removed) = store.replace(with: objects)
                readiness.set(check, .passing)
                await onChange(changed.compactMap { store[$0].map { .applied($0) } } + removed.map { .deleted($0) })
            case .applied(let object):
                if store.apply(object) { await onChange([.applied(object)]) }
            case .deleted(let object):
                if store.remove(object) { await onChange([.deleted(object)]) }
            case .interrupted(let error):
                interrupted(error)
            case .resumed:
                if store.isSynced { readiness.set(check, .passing) }
            }
        }
    }

    private func interrupted(_ error: KubernetesError) {
        logger.warning("watch interrupted, trying again", metadata: ["resource": "\(Object.resource.plural)", "error": "\(error)"])
        switch error.kind {
        // Waiting does not help here: somebody has to grant a permission or install the kind.
        case .notFound: readiness.set(check, .failing("the server has no \(Object.resource.plural).\(Object.resource.group): install its CRD"))
        case .forbidden, .unauthorized: readiness.set(check, .failing("\(error)"))
        default: if !store.isSynced { readiness.set(check, .failing("\(error)")) }
        }
    }

    private var check: String { "watch-\(Object.resource.plural)" }
}
