import FlyingFox
import FlyingSocks
import Foundation
import HTTPTransport
import Synchronization

/// A Prometheus of its own that scrapes what a test says, five times a second.
struct RealPrometheus: Sendable {
    struct Failure: Error, CustomStringConvertible { var description: String }

    static let program = ["/usr/bin/prometheus", "/usr/local/bin/prometheus"].first { FileManager.default.isExecutableFile(atPath: $0) }

    /// What its only target exposes, in Prometheus' text format.
    final class Exporter: Sendable {
        private let text = Mutex("")

        func expose(_ lines: String...) { text.withLock { $0 = lines.map { $0 + "\n" }.joined() } }

        fileprivate func page() -> FlyingFox.HTTPResponse {
            .init(statusCode: .ok, headers: [.contentType: "text/plain; version=0.0.4"], body: Data(text.withLock { $0 }.utf8))
        }
    }

    let address: String
    private let process: Process

    /// Runs `body` with a Prometheus that is ready; it, its data and its exporter end with it.
    static func run(_ body: @Sendable @escaping (RealPrometheus, Exporter) async throws -> Void) async throws {
        let exporter = Exporter()
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
        await server.appendRoute("GET /metrics") { _ in exporter.page() }
        try await HealthProbesTests.run(server) { port in
            let folder = URL(filePath: NSTemporaryDirectory()).appending(path: "dbmigration-prometheus-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            let prometheus = try await RealPrometheus(folder: folder, exporter: port)
            do {
                try await until("Prometheus is ready") { await prometheus.isReady() }
                try await body(prometheus, exporter)
            } catch {
                prometheus.stop()
                throw error
            }
            prometheus.stop()
        }
    }

    private init(folder: URL, exporter: Int) async throws {
        // The port of a server that has ended: nobody else is given it soon.
        let port = Mutex(0)
        try await HealthProbesTests.run(HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))) { free in port.withLock { $0 = free } }
        let listen = "127.0.0.1:\(port.withLock { $0 })"
        let configuration = folder.appending(path: "prometheus.yaml")
        let text = """
            global: {scrape_interval: 200ms, scrape_timeout: 200ms}
            scrape_configs: [{job_name: demo, static_configs: [{targets: ["127.0.0.1:\(exporter)"]}]}]
            """
        try Data(text.utf8).write(to: configuration)
        address = "http://\(listen)"
        process = Process()
        process.executableURL = URL(filePath: Self.program ?? "/usr/bin/prometheus")
        process.arguments = [
            "--config.file=\(configuration.path)", "--storage.tsdb.path=\(folder.appending(path: "data").path)", "--web.listen-address=\(listen)",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Returns when it has ended.
    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    private func isReady() async -> Bool { (try? await HTTPClient.shared.send(HTTPTransport.HTTPRequest(.get, "\(address)/-/ready")))?.status == 200 }
}

/// Waits until a condition holds that nobody announces and that can only be asked for.
func until(_ what: String, seconds: Int = 60, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw RealPrometheus.Failure(description: "waited \(seconds) s until \(what)")
}
