import ControllerRuntime
import CoreMetrics
import Synchronization
import Testing

@Suite("Prometheus text format 0.0.4")
struct PrometheusTextTests {
    @Test("every kind, sorted, with help, labels, escaping and buckets")
    func golden() {
        let registry = PrometheusRegistry(buckets: [0.5, 0.25])
        registry.describe("jobs_total", "Jobs with \\ and\nbreak.")
        Counter(label: "jobs_total", dimensions: [("result", "ok"), ("a", "x\"y\\z\nw")], factory: registry).increment(by: 3)
        Counter(label: "jobs_total", dimensions: [("result", "error"), ("a", "")], factory: registry).increment(by: 0)
        Gauge(label: "lag.bytes", factory: registry).record(1.5)
        Meter(label: "level", factory: registry).set(-2)
        Recorder(label: "rows", factory: registry).record(10)
        Recorder(label: "rows", factory: registry).record(32)
        let timer = Timer(label: "wait_seconds", dimensions: [("q", "1")], factory: registry)
        for milliseconds in [125, 250, 375, 1000] { timer.recordMilliseconds(Int64(milliseconds)) }
        #expect(
            registry.text == """
                # HELP jobs_total Jobs with \\\\ and\\nbreak.
                # TYPE jobs_total counter
                jobs_total{a="",result="error"} 0
                jobs_total{a="x\\"y\\\\z\\nw",result="ok"} 3
                # TYPE lag_bytes gauge
                lag_bytes 1.5
                # TYPE level gauge
                level -2
                # TYPE rows summary
                rows_sum 42
                rows_count 2
                # TYPE wait_seconds histogram
                wait_seconds_bucket{q="1",le="0.25"} 2
                wait_seconds_bucket{q="1",le="0.5"} 3
                wait_seconds_bucket{q="1",le="+Inf"} 4
                wait_seconds_sum{q="1"} 1.75
                wait_seconds_count{q="1"} 4

                """)
    }

    @Test("series end with their object")
    func removal() {
        let registry = PrometheusRegistry()
        for name in ["a", "b"] {
            Gauge(label: "phase", dimensions: [("namespace", "shop"), ("name", name)], factory: registry).record(1)
            Timer(label: "pause_seconds", dimensions: [("namespace", "shop"), ("name", name)], factory: registry).recordSeconds(1)
        }
        registry.removeSeries(matching: [("name", "a"), ("namespace", "shop")])
        #expect(!registry.text.contains("name=\"a\""))
        #expect(registry.text.contains("phase{name=\"b\",namespace=\"shop\"} 1\n"))
        registry.removeSeries(matching: [])
        #expect(registry.text.contains("pause_seconds_count{name=\"b\",namespace=\"shop\"} 1\n"), "no labels match nothing")

        let counter = Counter(label: "gone_total", factory: registry)
        counter.destroy()
        #expect(!registry.text.contains("gone_total"))
    }

    @Test("the same name and labels in another order are one series; another kind of the same name does nothing")
    func identity() {
        let registry = PrometheusRegistry()
        Counter(label: "n_total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "n_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        Gauge(label: "n_total", factory: registry).record(7)
        #expect(registry.text == "# TYPE n_total counter\nn_total{a=\"1\",b=\"2\"} 2\n")
    }

    @Test("a histogram that has seen nothing shows its buckets at 0")
    func emptyHistogram() {
        let registry = PrometheusRegistry(buckets: [1])
        _ = Timer(label: "t_seconds", factory: registry)
        #expect(
            registry.text
                == "# TYPE t_seconds histogram\nt_seconds_bucket{le=\"1\"} 0\nt_seconds_bucket{le=\"+Inf\"} 0\nt_seconds_sum 0\nt_seconds_count 0\n")
    }

    @Test("gauges of others are asked for each time, with the help of their name")
    func collected() {
        let registry = PrometheusRegistry()
        registry.describe("size_bytes", "How large.")
        let size = Mutex(1.5)
        registry.collect { page in
            page.add("size_bytes", [("a", "x\"")], size.withLock { $0 })
            page.add("size_bytes", [], 2)
            page.add("age_seconds", [], 3)
        }
        let expected =
            "# HELP size_bytes How large.\n# TYPE size_bytes gauge\nsize_bytes{a=\"x\\\"\"} 1.5\nsize_bytes 2\n# TYPE age_seconds gauge\nage_seconds 3\n"
        #expect(registry.text == expected)
        size.withLock { $0 = 4 }
        #expect(registry.text == expected.replacing("1.5", with: "4"))
    }
}
