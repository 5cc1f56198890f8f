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

    @Test("text: one line, sorted metadata, quoted where needed")
    func text() {
        let lines = Lines()
        logger(.text, lines).warning("two\nlines", metadata: ["b": "with space", "a": "plain"])
        let written = lines.all.withLock { $0 }
        #expect(written.count == 1)
        #expect(written.first?.hasSuffix(" WARNING controller: two\\nlines a=plain b=\"with space\"\n") == true)
    }
}
