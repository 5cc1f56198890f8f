import Dispatch
import Foundation
import Glibc
import Synchronization

/// Passes bytes between its clients and a server, TLS or not, counts the connections, and can lose what goes over them.
public final class CountingRelay: Sendable {
    private struct State {
        var connections = 0
        /// Connections up to this number are silent.
        var silentUpTo = 0
        var tunnels: [String] = []
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }

    private let shared = Shared()
    private let server: LocalServer

    public var port: UInt16 { server.port }
    /// How many connections were made so far.
    public var connections: Int { shared.state.withLock { $0.connections } }

    /// What was asked of the proxy, in order.
    public var tunnels: [String] { shared.state.withLock { $0.tunnels } }

    /// - Parameters:
    ///   - address: of the server: IPv4, in digits.
    ///   - isProxy: whether each connection begins with a request for a tunnel, which leads to the server whatever it names.
    public init(to address: String, port upstreamPort: UInt16, isProxy: Bool = false) {
        let shared = shared
        server = LocalServer(accept: { connection in
            let number = shared.state.withLock { state in
                state.connections += 1
                return state.connections
            }
            if isProxy {
                guard let request = connection.readRequest(), request.hasPrefix("CONNECT ") else { return }
                shared.state.withLock { $0.tunnels.append(String(request.prefix { !$0.isNewline })) }
                connection.write("HTTP/1.1 200 Connected\r\n\r\n")
            }
            let upstream = LocalServer.connect(to: address, port: upstreamPort)
            let isBack = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                Self.copy(from: upstream, to: connection.descriptor, number, shared)
                shutdown(connection.descriptor, Int32(SHUT_RDWR))
                isBack.signal()
            }
            Self.copy(from: connection.descriptor, to: upstream, number, shared)
            shutdown(upstream, Int32(SHUT_RDWR))
            isBack.wait()
            close(upstream)
        })
    }

    /// From now on bytes of the connections that stand go nowhere, although each side's are acknowledged; new connections work.
    public func silence() { shared.state.withLock { $0.silentUpTo = $0.connections } }

    private static func copy(from source: Int32, to target: Int32, _ number: Int, _ shared: Shared) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &bytes, bytes.count, 0)
            guard count > 0 else { return }
            if shared.state.withLock({ number <= $0.silentUpTo }) { continue }
            guard LocalServer.Connection(descriptor: target).write(Data(bytes[..<count])) else { return }
        }
    }
}
