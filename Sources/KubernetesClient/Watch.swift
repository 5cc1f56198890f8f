import FoundationEssentials
import HTTPTransport
public import KubernetesModel
public import StructuredData

/// Lists, then watches, for ever: a sequence that ends only with the task that reads it.
///
/// Nothing runs ahead of the reader: a slow one makes the server wait, and no event is dropped.
public struct Watch<Object: Decodable & Sendable>: AsyncSequence, Sendable {
    public typealias Element = WatchOutput<Object>
    public typealias Failure = Never

    let client: KubernetesClient
    let resource: APIResource
    let namespace: String?
    let labels: String?
    let fields: String?
    let known: KnownVersions?

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(watch: self) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let watch: Watch
        private var machine: WatchMachine<Object>
        private var stream: OpenWatch?
        private var ready: ArraySlice<WatchOutput<Object>> = []

        fileprivate init(watch: Watch) {
            self.watch = watch
            machine = WatchMachine(resource: watch.resource.description)
        }

        public mutating func next() async -> WatchOutput<Object>? { await next(isolation: #isolation) }

        public mutating func next(isolation actor: isolated (any Actor)?) async -> WatchOutput<Object>? {
            while true {
                if Task.isCancelled { return nil }
                if let output = ready.popFirst() { return output }
                await advance()
            }
        }

        /// Does what the machine asks for next, and tells it the outcome.
        private mutating func advance() async {
            switch machine.next {
            case .list(let token, let version):
                stream = nil
                await list(token, version)
            case .watch(let version):
                if stream == nil { await open(version) } else { await read() }
            case .wait(let attempt, let atLeast):
                stream = nil
                let delay = WatchBackoff.delay(attempt: attempt, atLeast: atLeast, jitter: .random(in: 0...1))
                try? await Task.sleep(for: delay)
                tell(.waited)
            }
        }

        private mutating func tell(_ input: WatchMachine<Object>.Input) { ready += machine.handle(input) }

        private mutating func list(_ token: String?, _ version: WatchMachine<Object>.ListVersion) async {
            do throws(KubernetesError) {
                let page = try await watch.client.arrivingPage(watch.list(token, version), as: Readable<Object>.self)
                var (objects, unreadable): ([Object], [UnreadableObject]) = ([], [])
                for item in page.items ?? [] {
                    switch item {
                    case .object(let object): objects.append(object)
                    case .unreadable(let object): unreadable.append(object)
                    }
                }
                let version = page.metadata.resourceVersion ?? ""
                tell(.page(objects, unreadable: unreadable, continue: page.metadata.continue, resourceVersion: version))
            } catch {
                tell(.failed(error))
            }
        }

        private mutating func open(_ version: String) async {
            do throws(KubernetesError) {
                stream = OpenWatch(body: try await watch.client.stream(watch.request(from: version)))
                tell(.opened)
            } catch {
                tell(.failed(error))
            }
        }

        private mutating func read() async {
            guard var open = stream else { return }
            stream = nil
            let chunk: Data?
            do throws(HTTPError) {
                chunk = try await open.chunks.next()
            } catch {
                // However the connection ended: what follows the last event seen is asked for again.
                chunk = nil
            }
            guard let chunk else { return tell(.ended(lasted: open.since.duration(to: .now))) }
            guard let lines = open.lines.feed(chunk) else {
                return tell(.failed(watch.request(from: "").error(.decoding, "a line longer than \(WatchLineDecoder.limit >> 20) MiB")))
            }
            for line in lines {
                do {
                    tell(.event(try JSON.decode(WatchEvent<Object>.self, from: line, userInfo: watch.userInfo)))
                } catch {
                    let request = watch.request(from: "")
                    tell(.failed(request.error(.decoding, "an event is not understood: \(error)")))
                }
                // An error ends this watch; what came after it comes again.
                guard case .watch = machine.next else { return }
            }
            stream = open
        }
    }
}

/// A watch that stands: its bytes, its unfinished line, and since when.
private struct OpenWatch {
    var chunks: HTTPBody.AsyncIterator
    var lines = WatchLineDecoder()
    let since = ContinuousClock.now

    init(body: HTTPBody) { chunks = body.makeAsyncIterator() }
}

extension Watch {
    fileprivate var userInfo: [CodingUserInfoKey: any Sendable] {
        guard let key = KnownVersions.key, let known else { return [:] }
        return [key: known]
    }

    func list(_ token: String?, _ version: WatchMachine<Object>.ListVersion) -> APIRequest {
        var request = client.listRequest(
            resource, namespace: namespace, labels: labels, fields: fields, token: token, limit: KubernetesClient.pageSize)
        if version == .any, token == nil { request.query.append(("resourceVersion", "0")) }
        return request
    }

    /// One that is silent for too long is taken for dead and asked for again; where it was alive after all, that cost one request.
    func request(from version: String) -> APIRequest {
        var request = APIRequest(verb: "watch", method: .get, resource: resource, namespace: namespace)
        request.select(labels: labels, fields: fields)
        request.query += [
            ("watch", "true"), ("resourceVersion", version), ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", String(client.timeouts.watch.components.seconds)),
        ]
        return request
    }
}

extension KubernetesClient {
    /// Watches a kind known at compile time; `namespace` `nil` means all.
    ///
    /// - Parameter known: whether whoever watches has this version, or a newer one, already. Events of such versions are not read and not told.
    public func watch<Object: KubernetesObject>(
        _ type: Object.Type, namespace: String? = nil, labels: String? = nil, fields: String? = nil, known: (@Sendable (ObjectHead) -> Bool)? = nil
    ) -> Watch<Object> {
        Watch(
            client: self, resource: Object.resource, namespace: namespace, labels: labels, fields: fields, known: known.map { KnownVersions(has: $0) }
        )
    }

    /// Watches a kind known at run time only; `namespace` `nil` means all.
    public func watch(
        _ resource: APIResource, namespace: String? = nil, labels: String? = nil, fields: String? = nil
    ) -> Watch<JSONValue> {
        Watch(client: self, resource: resource, namespace: namespace, labels: labels, fields: fields, known: nil)
    }
}
