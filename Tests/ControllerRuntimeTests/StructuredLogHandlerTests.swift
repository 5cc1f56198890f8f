import ControllerRuntime
import Logging
import StructuredData
import Synchronization
import Testing

@Suite("Log lines")
struct StructuredLogHandlerTests {
    final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    func logger(_ format: StructuredLogHandler.Format, _ lines: Lines) -> Logger {
        Logger(
            label: "controller",
            factory: { label in
                StructuredLogHandler(label: label, level: .info, format: format) { line in lines.all.withLock { $0.append(line) } }
            })
    }

    @Test("JSON: one object a line, metadata as members, our own members win")
    func json() throws {
        let lines = Lines()
        var logger = logger(.json, lines)
        logger[metadataKey: "object"] = "shop/a"
        logger.debug("not shown")
        logger.error("it \"failed\"\nbadly", metadata: ["list": ["x", "y"], "level": "fake", "count": "\(3)"])
        let written = lines.all.withLock { $0 }
        #expect(written.count == 1)
        let line = try #require(written.first)
        #expect(line.hasSuffix("}\n"))
        #expect(line.dropLast().contains("\n") == false)
        let value = try JSON.decode(JSONValue.self, from: line)
        #expect(value["message"] == "it \"failed\"\nbadly")
        #expect(value["level"] == "error")
        #expect(value["object"] == "shop/a")
        #expect(value["list"] == ["x", "y"])
        #expect(value["logger"] == "controller")
        #expect(value["time"]?.string?.hasSuffix("Z") == true)
    }

    @Test("every line of one visit carries the visit's id, and no other does", .timeLimit(.minutes(5)))
    func reconcileIDs() async throws {
        struct Broken: Error {}
        let lines = Lines()
        let logger = Logger(
            label: "controller",
            factory: { label in
                var handler = StructuredLogHandler(label: label) { line in lines.all.withLock { $0.append(line) } }
                handler.metadataProvider = ReconcileID.metadataProvider
                return handler
            })
        let runs = Mutex(0)
        let ended = Latch()
        let controller = Controller(name: "test", metrics: PrometheusRegistry(), logger: logger) { _ in
            let run = runs.withLock { runs in
                runs += 1
                return runs
            }
            logger.info("begin")
            await Task { logger.info("in a task of its own") }.value
            if run == 1 { throw Broken() }
            ended.open()
            return .done
        }
        logger.info("outside")
        let running = Task { await controller.run() }
        await controller.enqueue([ObjectKey(namespace: "shop", name: "a")])
        try await ended.wait()
        running.cancel()
        await running.value
        let seen = try lines.all.withLock { $0 }.map { try JSON.decode(JSONValue.self, from: $0) }
        #expect(seen.map(\.["message"]) == ["outside", "begin", "in a task of its own", "reconcile failed", "begin", "in a task of its own"])
        let ids = seen.map { $0["reconcileID"]?.string }
        #expect(ids[0] == nil)
        let (first, second) = (try #require(ids[1]), try #require(ids[4]))
        #expect(ids[1...] == [first, first, first, second, second])
        #expect(first != second)
        #expect(first.utf8.count == 8 && first.allSatisfy(\.isHexDigit))
    }

    @Test("text: one line, sorted metadata, quoted where needed")
    func text() {
        let lines = Lines()
        logger(.text, lines).warning("two\nlines", metadata: ["b": "with space", "a": "plain"])
        let written = lines.all.withLock { $0 }
        #expect(written.count == 1)
        #expect(written.first?.hasSuffix(" WARNING controller: two\\nlines a=plain b=\"with space\"\n") == true)
    }
}
