import ControllerRuntime
import KubernetesClient
import Testing

@Suite("Metrics of requests")
struct RequestMetricsTests {
    @Test("named as in client-go; a request without an answer has a code of its own")
    func names() {
        let registry = PrometheusRegistry()
        let metrics = RequestMetrics(factory: registry)
        for status in [200, 200, 404, nil] {
            metrics.count(AnsweredRequest(method: "GET", verb: "list", host: "api:6443", status: status, duration: .milliseconds(20)))
        }
        let text = registry.text
        #expect(text.contains("rest_client_requests_total{code=\"200\",host=\"api:6443\",method=\"GET\"} 2\n"))
        #expect(text.contains("rest_client_requests_total{code=\"404\",host=\"api:6443\",method=\"GET\"} 1\n"))
        #expect(text.contains("rest_client_requests_total{code=\"<error>\",host=\"api:6443\",method=\"GET\"} 1\n"))
        #expect(text.contains("rest_client_request_duration_seconds_count{host=\"api:6443\",verb=\"list\"} 4\n"))
    }
}
