import FlyingFox
import FlyingSocks
import FoundationEssentials
import MigrationCore
import MigrationPorts
import TestServers
import Testing

@testable import HealthProbes

@Suite("Health checks against a real HTTP server", .timeLimit(.minutes(5)))
struct HTTPProbesTests {
    @Test("a URL check reads the status, follows no redirect, and does not need the whole body")
    func urls() async throws {
        try await withServer { port in
            let readings = await read([
                check("good", .url("http://127.0.0.1:\(port)/health")),
                check("bad", .url("http://127.0.0.1:\(port)/broken")),
                check("moved", .url("http://127.0.0.1:\(port)/moved")),
                check("large", .url("http://127.0.0.1:\(port)/large")),
            ])
            #expect(readings.map(\.name) == ["good", "bad", "moved", "large"])
            #expect(readings.map(\.verdict) == [.ok, .failed, .failed, .ok])
            #expect(readings[2].message == "answered 302, expected 200")
        }
    }

    @Test("a body is searched for its pattern, up to 64 KiB of it; neither body nor pattern is told")
    func bodies() async throws {
        try await withServer { port in
            func body(_ name: String, _ path: String, _ pattern: String, _ status: [Int] = [200]) -> Plan.HTTPCheck {
                Plan.HTTPCheck(name: name, address: .url("http://127.0.0.1:\(port)/\(path)"), expectStatus: status, bodyPattern: pattern)
            }
            let readings = await read([
                body("good", "status", #""status": *"(ok|up)""#), body("bad", "status", "down"), body("late", "large", "end"),
                body("first", "broken", "", [200]),
            ])
            #expect(readings.map(\.verdict) == [.ok, .failed, .failed, .failed])
            #expect(readings[1].message == "answered 200, but nothing in its body matches bodyPattern")
            #expect(readings[3].message == "answered 503, expected 200")
        }
    }

    @Test("header fields come from a Secret, read for every reading; without it nothing is asked")
    func headers() async throws {
        try await withServer { port in
            let check = Plan.HTTPCheck(name: "private", address: .url("http://127.0.0.1:\(port)/private"), headersSecret: "token")
            let right: [String: Data] = ["Authorization": Data("Bearer s3cret\n".utf8)]
            #expect(await read([check], secrets: ["token": right]).map(\.verdict) == [.ok])
            #expect(await read([check], secrets: ["token": [:]]).map(\.verdict) == [.failed])
            let absent = await read([check])
            #expect(absent == [ProbeReading(name: "private", verdict: .inconclusive, message: "no Secret token")])
            let broken = await read([check], secrets: ["token": ["Authorization": Data("a\r\nX-Other: s3cret".utf8)]])
            #expect(broken.map(\.verdict) == [.inconclusive])
            #expect(broken.first?.message.contains("s3cret") == false)
        }
    }

    @Test("a redirect is followed where that is asked for")
    func redirects() async throws {
        try await withServer { port in
            let check = Plan.HTTPCheck(name: "moved", address: .url("http://127.0.0.1:\(port)/moved"), followsRedirects: true)
            #expect(await read([check]) == [ProbeReading(name: "moved", verdict: .ok, message: "answered 200")])
        }
    }

    @Test("an endpoint with TLS is asked under the CA that is named, and under no other", .enabled(if: TLSServer.isPresent))
    func certificates() async throws {
        let server = try TLSServer.start()
        defer { server.stop() }
        let url = Plan.HTTPCheck.Address.url("https://127.0.0.1:\(server.port)/")
        let check = Plan.HTTPCheck(name: "tls", address: url, certificateAuthority: .init(name: "ca", key: "ca.crt"))
        #expect(await read([check], secrets: ["ca": ["ca.crt": server.authority]]).map(\.message) == ["answered 200"])
        let stranger = await read([check], secrets: ["ca": ["ca.crt": server.stranger]])
        #expect(stranger.map(\.verdict) == [.failed] && stranger[0].message.contains("certificate"), "\(stranger)")
        #expect(await read([Plan.HTTPCheck(name: "tls", address: url)]).map(\.verdict) == [.failed], "nobody's CA")
    }

    @Test("a CA that is not there is no success")
    func authorities() async throws {
        let check = Plan.HTTPCheck(name: "tls", address: .url("https://127.0.0.1:1/"), certificateAuthority: .init(name: "ca", key: "ca.crt"))
        #expect(await read([check]).map(\.message) == ["no Secret ca"])
        #expect(await read([check], secrets: ["ca": [:]]).map(\.message) == ["Secret ca has no key ca.crt"])
    }

    @Test("nobody listening fails; a name without an address and an unusable URL are inconclusive")
    func unreachable() async {
        let readings = await read([
            check("refused", .url("http://127.0.0.1:1/health")),
            check("nameless", .url("http://no-such-host.invalid/health")),
            check("unusable", .url("gopher://127.0.0.1/")),
        ])
        #expect(readings.map(\.verdict) == [.failed, .inconclusive, .inconclusive])
    }

    @Test("an application that does not answer in time fails")
    func timeout() async throws {
        try await withServer { port in
            let readings = await read([check("slow", .url("http://127.0.0.1:\(port)/slow"), timeoutSeconds: 1)])
            #expect(readings == [ProbeReading(name: "slow", verdict: .failed, message: "gave no answer within 1 s")])
        }
    }

    @Test("a Service check asks every ready address")
    func services() async throws {
        try await withServer { port in
            let good = ServiceAddress(host: "127.0.0.1", port: port)
            let service = check("chain", .service(name: "mys-chain", port: "http", path: "health"))
            #expect(await read([service], .value([good])).map(\.verdict) == [.ok])
            let half = await read([service], .value([good, ServiceAddress(host: "127.0.0.1", port: 1)]))
            #expect(half == [ProbeReading(name: "chain", verdict: .failed, message: "1 of 2 addresses: 127.0.0.1:1 does not accept connections")])
        }
    }

    @Test("a Service without ready addresses, or one that cannot be read, is inconclusive")
    func absentData() async {
        let service = check("chain", .service(name: "mys-chain", port: "http", path: "/health"))
        #expect(
            await read([service], .value([])) == [
                ProbeReading(name: "chain", verdict: .inconclusive, message: "Service mys-chain has no ready address")
            ])
        #expect(await read([service], .unknown("no Endpoints")) == [ProbeReading(name: "chain", verdict: .inconclusive, message: "no Endpoints")])
    }

    @Test("an address becomes a URL, IPv6 in brackets")
    func addresses() {
        #expect(ServiceAddress(host: "10.0.0.1", port: 80).url(path: "health") == "http://10.0.0.1:80/health")
        #expect(ServiceAddress(host: "fd00::1", port: 8080).url(path: "/h") == "http://[fd00::1]:8080/h")
    }
}

private struct FixedAddresses: ServiceAddressResolver {
    var answer: Fact<[ServiceAddress]>

    func readyAddresses(namespace: String, service: String, port: String) async -> Fact<[ServiceAddress]> { answer }
}

private func check(_ name: String, _ address: Plan.HTTPCheck.Address, timeoutSeconds: Int = 20) -> Plan.HTTPCheck {
    Plan.HTTPCheck(name: name, address: address, timeoutSeconds: timeoutSeconds)
}

private func read(
    _ checks: [Plan.HTTPCheck], _ addresses: Fact<[ServiceAddress]> = .unknown("not asked"), secrets: [String: [String: Data]] = [:]
) async -> [ProbeReading] {
    let server = Plan.Server(host: "db", credentials: Plan.CredentialsReference(name: "admin"))
    let plan = Plan(
        source: server, target: server, databases: [], copy: Plan.Copy(mode: .snapshot),
        cutover: Plan.Cutover(pauseSeconds: 60, connections: [], workloads: []), health: Plan.Health(http: checks))
    let probes = HTTPProbes(addresses: FixedAddresses(answer: addresses)) { _, name in
        secrets[name].map { .value($0) } ?? .unknown("no Secret \(name)")
    }
    return await probes.read(
        MigrationReference(namespace: "mys", name: "staging", uid: "u"), plan: plan)
}

/// Runs `body` with the port of a server that knows /health, /broken, /moved, /large and /slow.
private func withServer(_ body: @Sendable @escaping (Int) async throws -> Void) async throws {
    let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
    await server.appendRoute("GET /health") { _ in HTTPResponse(statusCode: .ok) }
    await server.appendRoute("GET /broken") { _ in HTTPResponse(statusCode: .serviceUnavailable) }
    await server.appendRoute("GET /moved") { _ in HTTPResponse(statusCode: .found, headers: HTTPHeaders([.location: "/health"])) }
    await server.appendRoute("GET /large") { _ in HTTPResponse(statusCode: .ok, body: .init(repeating: 0, count: 8 << 20)) }
    await server.appendRoute("GET /status") { _ in HTTPResponse(statusCode: .ok, body: Data(#"{"status": "up"}"#.utf8)) }
    await server.appendRoute("GET /private") { request in
        HTTPResponse(statusCode: request.headers[.authorization] == "Bearer s3cret" ? .ok : .unauthorized)
    }
    await server.appendRoute("GET /slow") { _ in
        // Ends with the server, never by itself within the check's limit.
        try await Task.sleep(for: .seconds(60))
        return HTTPResponse(statusCode: .ok)
    }
    try await run(server, body)
}
