import Dispatch
import Glibc
import Synchronization

/// A network between everybody and one server that is further away than this machine: a TCP relay which holds back every byte for a time.
/// The kernels that dev clusters run on do not all have netem.
final class DelayedLink: Sendable {
    private let isStopped = StopFlag()

    /// Relays from `port` of a local address to another port there, until ``stop()``.
    ///
    /// - Parameters:
    ///   - oneWayMilliseconds: for each direction: half of what is added to a round trip.
    /// - Throws: ``LinkError`` when the port cannot be listened on.
    init(address: String, port: UInt16, to server: UInt16, oneWayMilliseconds: Double) throws {
        let listener = try Socket.listen(address, port)
        let delay = UInt64(oneWayMilliseconds * 1_000_000)
        let isStopped = isStopped
        // Queues of their own: what waits here must not hold a thread of the cooperative pool.
        DispatchQueue(label: "delayed link \(address):\(port)").async {
            while !isStopped.isSet {
                guard Socket.isReadable(listener, milliseconds: 50), let client = Socket.accept(listener) else { continue }
                guard let other = Socket.connect(address, server) else {
                    close(client)
                    continue
                }
                let ends = SocketPair(client, other)
                for (from, to) in [(client, other), (other, client)] {
                    DispatchQueue(label: "delayed flow").async { Flow(from: from, to: to, delay: delay, ends: ends, isStopped: isStopped).run() }
                }
            }
            close(listener)
        }
    }

    func stop() { isStopped.set() }
}

private final class StopFlag: Sendable {
    private let flag = Atomic(false)
    var isSet: Bool { flag.load(ordering: .relaxed) }
    func set() { flag.store(true, ordering: .relaxed) }
}

/// Both sockets of a relayed connection; closed when neither direction needs them any more.
private final class SocketPair: Sendable {
    private let client: Int32
    private let server: Int32

    init(_ client: Int32, _ server: Int32) {
        self.client = client
        self.server = server
    }

    deinit {
        close(client)
        close(server)
    }
}

/// Why there is no link.
struct LinkError: Error, CustomStringConvertible {
    var what: String
    var code: Int32
    var description: String { unsafe "\(what): \(String(cString: strerror(code)))" }
}

/// One direction of one connection: bytes wait in order of arrival until they are due.
private struct Flow {
    let from: Int32
    let to: Int32
    /// In nanoseconds.
    let delay: UInt64
    let ends: SocketPair
    let isStopped: StopFlag

    private static let idleNanoseconds: UInt64 = 100_000_000

    /// Returns when everything was handed on after the sender's end, or nobody takes it.
    func run() {
        var waiting: [(due: UInt64, bytes: [UInt8])] = []
        var hasEnded = false
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isStopped.isSet {
            let now = monotonicNanoseconds()
            while let first = waiting.first, first.due <= now {
                guard Socket.send(first.bytes, to) else { return end() }
                waiting.removeFirst()
            }
            if hasEnded, waiting.isEmpty { return end() }
            let wait = waiting.first.map { $0.due - min(now, $0.due) } ?? Self.idleNanoseconds
            // poll knows whole milliseconds only.
            if wait < 1_000_000 || hasEnded { usleep(UInt32(min(wait, 1_000_000) / 1000)) }
            guard !hasEnded, Socket.isReadable(from, milliseconds: Int32(wait / 1_000_000)) else { continue }
            let count = unsafe recv(from, &buffer, buffer.count, 0)
            if count > 0 {
                waiting.append((monotonicNanoseconds() + delay, Array(buffer[0..<count])))
            } else {
                hasEnded = true
            }
        }
    }

    private func end() {
        shutdown(to, Int32(SHUT_WR))
        shutdown(from, Int32(SHUT_RD))
    }
}

private func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

private enum Socket {
    static func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wanted, 1, milliseconds) > 0
    }

    static func accept(_ listener: Int32) -> Int32? {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return nil }
        sendAtOnce(client)
        return client
    }

    /// Whether all of it was taken.
    static func send(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = unsafe rest.withUnsafeBytes { unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return false }
            rest = rest.dropFirst(sent)
        }
        return true
    }

    static func listen(_ address: String, _ port: UInt16) throws -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw LinkError(what: "make a socket", code: errno) }
        var yes: Int32 = 1
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard unsafe with(address, port, { unsafe Glibc.bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 128) == 0 else {
            let code = errno
            _ = Glibc.close(descriptor)
            throw LinkError(what: "listen on \(address):\(port)", code: code)
        }
        return descriptor
    }

    static func connect(_ address: String, _ port: UInt16) -> Int32? {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        guard unsafe with(address, port, { unsafe Glibc.connect(descriptor, $0, $1) }) == 0 else {
            _ = Glibc.close(descriptor)
            return nil
        }
        sendAtOnce(descriptor)
        return descriptor
    }

    static func sendAtOnce(_ descriptor: Int32) {
        var yes: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func with(_ address: String, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = unsafe inet_addr(address)
        return unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
    }
}
