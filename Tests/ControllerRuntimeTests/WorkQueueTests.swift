import ControllerRuntime
import CoreMetrics
import Testing

@Suite("Work queue actor: workers wait without polling", .timeLimit(.minutes(5)))
struct WorkQueueTests {
    let registry = PrometheusRegistry()
    var metrics: WorkQueueMetrics { WorkQueueMetrics(name: "test", factory: registry) }

    @Test("a waiting worker gets a key when one is added, and a delayed one when its time comes")
    func handsOut() async {
        let queue = WorkQueue<String>(metrics: metrics)
        async let first = queue.next()
        await queue.add("b", after: .milliseconds(20))
        await queue.add("a")
        #expect(await first == "a")
        #expect(await queue.next() == "b")
        await queue.finish("a", .done)
        await queue.finish("b", .failed())
        #expect(await queue.next() == "b")
    }

    @Test("closing lets every waiting worker go")
    func closes() async {
        let queue = WorkQueue<String>(metrics: metrics)
        async let one = queue.next()
        async let two = queue.next()
        await queue.close()
        await queue.add("a")
        #expect(await one == nil)
        #expect(await two == nil)
        #expect(await queue.next() == nil)
    }

    @Test("metrics start at 0 and count adds, retries and durations")
    func counts() async {
        let queue = WorkQueue<String>(metrics: metrics)
        #expect(registry.text.contains("workqueue_adds_total{name=\"test\"} 0\n"))
        await queue.add(["a", "b"])
        #expect(registry.text.contains("workqueue_depth{name=\"test\"} 2\n"))
        let key = await queue.next()
        await queue.finish(key ?? "", .failed())
        let text = registry.text
        #expect(text.contains("workqueue_adds_total{name=\"test\"} 2\n"))
        #expect(text.contains("workqueue_retries_total{name=\"test\"} 1\n"))
        #expect(text.contains("workqueue_work_duration_seconds_count{name=\"test\"} 1\n"))
        #expect(text.contains("workqueue_queue_duration_seconds_count{name=\"test\"} 1\n"))
    }
}
