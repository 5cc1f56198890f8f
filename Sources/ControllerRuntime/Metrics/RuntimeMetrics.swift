public import CoreMetrics

/// The metrics of one controller, named as in Go's controller-runtime so that existing dashboards work; every series starts at 0.
struct ControllerMetrics: Sendable {
    enum Result: String, Sendable, CaseIterable {
        case success, error, requeue
        case requeueAfter = "requeue_after"
    }

    private let results: [Result: Counter]
    let errors: Counter
    let time: CoreMetrics.Timer

    init(controller: String, factory: any MetricsFactory) {
        results = Dictionary(
            uniqueKeysWithValues: Result.allCases.map { result in
                (
                    result,
                    Counter(
                        label: "controller_runtime_reconcile_total", dimensions: [("controller", controller), ("result", result.rawValue)],
                        factory: factory)
                )
            })
        errors = Counter(label: "controller_runtime_reconcile_errors_total", dimensions: [("controller", controller)], factory: factory)
        time = Timer(label: "controller_runtime_reconcile_time_seconds", dimensions: [("controller", controller)], factory: factory)
    }

    func count(_ result: Result) {
        results[result]?.increment()
        if result == .error { errors.increment() }
    }
}

/// The metrics of one work queue, named as in client-go.
public struct WorkQueueMetrics: Sendable {
    let depth: Gauge
    let adds: Counter
    let retries: Counter
    let queueDuration: CoreMetrics.Timer
    let workDuration: CoreMetrics.Timer

    /// - Parameters:
    ///   - name: the label `name`: the controller's name.
    ///   - factory: where the series live.
    public init(name: String, factory: any MetricsFactory) {
        let labels = [("name", name)]
        depth = Gauge(label: "workqueue_depth", dimensions: labels, factory: factory)
        adds = Counter(label: "workqueue_adds_total", dimensions: labels, factory: factory)
        retries = Counter(label: "workqueue_retries_total", dimensions: labels, factory: factory)
        queueDuration = Timer(label: "workqueue_queue_duration_seconds", dimensions: labels, factory: factory)
        workDuration = Timer(label: "workqueue_work_duration_seconds", dimensions: labels, factory: factory)
    }
}

extension PrometheusRegistry {
    /// The HELP lines of the runtime's own metrics.
    public func describeRuntimeMetrics() {
        describe("controller_runtime_reconcile_total", "Reconciliations per controller and result.")
        describe("controller_runtime_reconcile_errors_total", "Reconciliations per controller that failed.")
        describe("controller_runtime_reconcile_time_seconds", "Duration of a reconciliation.")
        describe("workqueue_depth", "Keys that are due and wait for a worker.")
        describe("workqueue_adds_total", "Keys added.")
        describe("workqueue_retries_total", "Keys added again after a failure.")
        describe("workqueue_queue_duration_seconds", "How long a due key waited for a worker.")
        describe("workqueue_work_duration_seconds", "How long a key was worked on.")
        describe("rest_client_requests_total", "Requests to the API server, by code, method and host; <error> where no answer came.")
        describe("rest_client_request_duration_seconds", "Duration of requests to the API server.")
        describe("informer_unreadable_objects", "Objects of a watched kind that this version cannot read and leaves alone.")
        describe("leader_election_master_status", "1 while this process holds the lease.")
    }
}
