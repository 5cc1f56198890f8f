import FoundationEssentials
public import KubernetesClient
import KubernetesModel
public import Logging
public import ServiceLifecycle
import StructuredData

/// Writes Events (`events.k8s.io/v1`) one after the other, apart from the work they tell about.
///
/// Repeats within 6 minutes become a series. An Event that cannot be written is logged and forgotten: it never fails or delays a reconcile.
public struct EventRecorder: ServiceLifecycle.Service {
    /// How many notices may wait; more drop the oldest.
    private static let capacity = 1024
    /// How long to wait before the second try, the third and so on, while the server is busy or away.
    private static let pauses: [Duration?] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8)]

    private let client: KubernetesClient
    private let controller: String
    private let instance: String
    private let logger: Logger
    private let notices: AsyncStream<EventNotice>
    private let input: AsyncStream<EventNotice>.Continuation

    /// - Parameters:
    ///   - controller: `reportingController`, a qualified name such as `migrations.example.com/controller`.
    ///   - instance: `reportingInstance`, usually the pod's name.
    public init(client: KubernetesClient, controller: String, instance: String, logger: Logger) {
        self.client = client
        self.controller = controller
        self.instance = EventNotice.cut(instance, to: 128)
        self.logger = logger
        (notices, input) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.capacity))
    }

    /// Hands a notice over; returns at once.
    public func record(_ notice: EventNotice) {
        if case .dropped(let lost) = input.yield(notice) {
            logger.warning("event dropped, too many are waiting", metadata: ["reason": "\(lost.reason)", "object": "\(lost.subject.name)"])
        }
    }

    /// Writes until graceful shutdown, then what is still waiting, then returns.
    public func run() async throws {
        await withGracefulShutdownHandler {
            var history = EventHistory()
            for await notice in notices { await write(notice, &history) }
        } onGracefulShutdown: {
            input.finish()
        }
    }

    private func write(_ notice: EventNotice, _ history: inout EventHistory) async {
        let write = history.record(notice, now: .now, suffix: Self.suffix())
        for pause in Self.pauses + [nil] {
            do {
                return try await perform(write, notice)
            } catch {
                if error.isTransient, let pause, !Task.isCancelled {
                    try? await Task.sleep(for: min(max(pause, error.retryAfter ?? .zero), .seconds(10)))
                    continue
                }
                history.forget(notice)
                // The Event of this series may have expired on the server: then the repeat is a new Event.
                if error.kind == .notFound, error.verb == "patch" { return await self.write(notice, &history) }
                return logger.warning(
                    "event not written", metadata: ["reason": "\(notice.reason)", "object": "\(notice.subject.name)", "error": "\(error)"])
            }
        }
    }

    private func perform(_ write: EventHistory.Write, _ notice: EventNotice) async throws(KubernetesError) {
        // About a cluster-scoped object: Kubernetes 1.20 takes such Events in kube-system only, later versions there too.
        let namespace = notice.subject.namespace.isEmpty ? "kube-system" : notice.subject.namespace
        switch write {
        case .create(let name):
            _ = try await client.create(event(notice, name: name, namespace: namespace))
        case .repeated(let name, let count):
            let series: JSONValue = ["count": .integer(Int64(count)), "lastObservedTime": .string("\(MicroTime(Date()))")]
            _ = try await client.patch(Event.self, name, namespace: namespace, .merge(["series": series]))
        }
    }

    private func event(_ notice: EventNotice, name: String, namespace: String) -> Event {
        let subject = notice.subject
        return Event(
            metadata: ObjectMeta(name: name, namespace: namespace), eventTime: MicroTime(Date()), type: notice.level.rawValue, reason: notice.reason,
            action: notice.action, note: notice.note,
            regarding: ObjectReference(
                apiVersion: subject.apiVersion, kind: subject.kind, namespace: subject.namespace.isEmpty ? nil : subject.namespace,
                name: subject.name, uid: subject.uid),
            reportingController: controller, reportingInstance: instance)
    }

    private static func suffix() -> String { String(UInt64.random(in: .min ... .max), radix: 16) }
}
