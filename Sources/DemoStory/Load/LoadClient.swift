import FoundationEssentials
import HTTPTransport
import StructuredData
import Synchronization

/// One user of an application: sends numbers 1, 2, 3 … and writes down which ones were confirmed. A number is never sent twice.
struct LoadClient: Sendable {
    var name: String
    var service: String
    var addresses: ReadyAddresses
    var http: HTTPClient
    var results: Acknowledgements
    var stop: StopSign
    /// Between an answer and the next entry.
    var breath: Duration

    private static let timeouts = HTTPTimeouts(connect: .milliseconds(500), total: .seconds(3))

    /// Runs until the stop sign is up; the request under way then still gets its answer.
    func run() async {
        var number: Int64 = 0
        while !stop.isUp, !Task.isCancelled {
            number += 1
            let isWritten = await send(number)
            // Longer after a failure.
            try? await Task.sleep(for: isWritten ? breath : .milliseconds(100))
        }
    }

    private func send(_ number: Int64) async -> Bool {
        let ready = addresses[service]
        guard !ready.isEmpty else {
            results.fail("no ready address")
            return false
        }
        let address = ready[Int(number) % ready.count]
        let sent = ContinuousClock.now
        do {
            let body = try JSON.encode(["client": .string(name), "number": .integer(number)] as JSONValue)
            let response = try await http.send(
                HTTPRequest(.post, "http://\(address)/entries", headers: ["Content-Type": "application/json"], body: body, timeouts: Self.timeouts))
            guard response.status == 200 else {
                let kind = (try? JSON.decode(JSONValue.self, from: response.body))?["error"]?.string
                results.fail("\(response.status) \(kind ?? "")")
                return false
            }
            results.acknowledge(number, of: name, sent: sent)
            return true
        } catch {
            results.fail((error as? HTTPError).map { "\($0.kind)" } ?? "other")
            return false
        }
    }
}

/// Put up once, seen by everybody.
final class StopSign: Sendable {
    private let flag = Atomic(false)
    var isUp: Bool { flag.load(ordering: .acquiring) }
    func putUp() { flag.store(true, ordering: .releasing) }
}
