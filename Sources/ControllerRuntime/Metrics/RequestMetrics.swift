public import CoreMetrics
public import KubernetesClient
import Metrics
import Synchronization

/// Requests to the API server, named as in client-go.
public final class RequestMetrics: Sendable {
    fileprivate struct Answers: Hashable {
        var method: String
        var host: String
        var status: Int?
    }

    fileprivate struct Durations: Hashable {
        var verb: String
        var host: String
    }

    fileprivate struct State {
        var answers: [Answers: Counter] = [:]
        var durations: [Durations: CoreMetrics.Timer] = [:]
    }

    private let state = Mutex(State())
    private let factory: any MetricsFactory

    public init(factory: any MetricsFactory) { self.factory = factory }

    /// Counts one; given to a client as its `onAnswer`.
    public func count(_ request: AnsweredRequest) {
        let (answers, durations) = state.withLock { state in
            (
                state.counter(Answers(method: request.method, host: request.host, status: request.status), factory),
                state.timer(Durations(verb: request.verb, host: request.host), factory)
            )
        }
        answers.increment()
        durations.record(duration: request.duration)
    }
}

extension RequestMetrics.State {
    mutating func counter(_ key: RequestMetrics.Answers, _ factory: any MetricsFactory) -> Counter {
        if let counter = answers[key] { return counter }
        let code = key.status.map { String($0) } ?? "<error>"
        let counter = Counter(
            label: "rest_client_requests_total", dimensions: [("code", code), ("host", key.host), ("method", key.method)], factory: factory)
        answers[key] = counter
        return counter
    }

    mutating func timer(_ key: RequestMetrics.Durations, _ factory: any MetricsFactory) -> CoreMetrics.Timer {
        if let timer = durations[key] { return timer }
        let timer = Timer(
            label: "rest_client_request_duration_seconds", dimensions: [("host", key.host), ("verb", key.verb)], factory: factory)
        durations[key] = timer
        return timer
    }
}
