import Dispatch
import Glibc
import Synchronization

/// A network between everybody and one server that is further away than this machine: a TCP relay which holds back every byte for a time.
/// The kernels that dev clusters run on do not all have netem.
final class DelayedLink: Sendable {
    private let isStopped: Atomic<Bool>

    /// Relays from `port` of a local address to another port there, until ``stop()``.
    ///
    /// - Parameters:
    ///   - oneWayMilliseconds: for each direction: half of what is added to a round trip.
    /// - Throws: ``LinkError`` when the port cannot be listened on.
    init(address: String, port: UInt16, to server: UInt16, oneWayMilliseconds: Double) throws {
        isStopped = Atomic(false)
        let listener = try Socket.listen(address, port)
        let delay = UInt64(oneWayMilliseconds * 1_000_000)
        // A queue of its own: the relay's waiting must not hold a thread of the cooperative pool.
        DispatchQueue(label: "delayed link \(address):\(port)", qos: .userInteractive).async {
            var relay = Relay(listener: listener, delay: delay, connect: { Socket.connect(address, server) })
            while !self.isStopped.load(ordering: .relaxed) { relay.turn() }
            relay.close()
        }
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }
}

/// Why there is no link.
struct LinkError: Error, CustomStringConvertible {
    var what: String
    var code: Int32
    var description: String { unsafe "\(what): \(String(cString: strerror(code)))" }
}

/// All connections of one link. Bytes wait in order of arrival until they are due.
private struct Relay {
    private struct Chunk {
        var due: UInt64
        var bytes: ArraySlice<UInt8>
    }

    /// One direction of one connection.
    private struct Flow {
        let from: Int32
        let to: Int32
        var waiting: [Chunk] = []
        var hasEnded = false
        /// The other side was told about the end, or is gone.
        var isDone = false
    }

    private static let idleNanoseconds: UInt64 = 50_000_000
    private static let pieceMicroseconds: UInt64 = 200
    private static let mostWaiting = 4096

    let listener: Int32
    let delay: UInt64
    let connect: () -> Int32?
    private var flows: [Flow] = []
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(listener: Int32, delay: UInt64, connect: @escaping () -> Int32?) {
        self.listener = listener
        self.delay = delay
        self.connect = connect
    }

    /// Waits for the next thing to do, and does it.
    mutating func turn() {
        let now = clock_gettime_nsec()
        var wanted = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        var next = now + Self.idleNanoseconds
        for flow in flows {
            let reads = !flow.hasEnded && flow.waiting.count < Self.mostWaiting
            wanted.append(pollfd(fd: reads ? flow.from : -1, events: Int16(POLLIN), revents: 0))
            let due = flow.waiting.first?.due ?? .max
            next = min(next, max(now, due))
            wanted.append(pollfd(fd: due <= now ? flow.to : -1, events: Int16(POLLOUT), revents: 0))
        }
        // Something due and a full socket must not become a busy loop: poll then waits for the socket.
        let isBlocked = flows.contains { ($0.waiting.first?.due ?? .max) <= now }
        let wait = isBlocked ? Self.idleNanoseconds : next - now
        // poll knows whole milliseconds only: the rest is slept in short pieces, between which arrivals are seen.
        if wait < 1_000_000 { usleep(UInt32(min(wait / 1000, Self.pieceMicroseconds))) }
        guard unsafe poll(&wanted, nfds_t(wanted.count), Int32(wait / 1_000_000)) >= 0 else { return }
        let arrived = clock_gettime_nsec()
        for index in flows.indices {
            if wanted[1 + 2 * index].revents != 0 { read(index, at: arrived) }
            if wanted[2 + 2 * index].revents != 0 { write(index, now: arrived) }
            endIfThrough(index)
        }
        if wanted[0].revents != 0 { accept() }
        removeEnded()
    }

    private mutating func read(_ index: Int, at now: UInt64) {
        let count = unsafe Glibc.recv(flows[index].from, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count > 0 {
            flows[index].waiting.append(Chunk(due: now + delay, bytes: buffer[0..<count]))
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            flows[index].hasEnded = true
        }
    }

    private mutating func write(_ index: Int, now: UInt64) {
        while let first = flows[index].waiting.first, first.due <= now {
            let sent = unsafe first.bytes.withUnsafeBytes { bytes in
                unsafe Glibc.send(flows[index].to, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else {
                if errno == EAGAIN || errno == EINTR { return }
                flows[index].waiting = []
                flows[index].hasEnded = true
                return
            }
            if sent == first.bytes.count {
                flows[index].waiting.removeFirst()
            } else {
                flows[index].waiting[0].bytes = first.bytes.dropFirst(sent)
            }
        }
    }

    private mutating func endIfThrough(_ index: Int) {
        guard flows[index].hasEnded, flows[index].waiting.isEmpty, !flows[index].isDone else { return }
        flows[index].isDone = true
        shutdown(flows[index].to, Int32(SHUT_WR))
    }

    private mutating func accept() {
        let client = Glibc.accept(listener, nil, nil)
        guard client >= 0 else { return }
        guard let server = connect() else {
            _ = Glibc.close(client)
            return
        }
        Socket.sendAtOnce(client)
        flows += [Flow(from: client, to: server), Flow(from: server, to: client)]
    }

    /// A connection goes when both its directions have ended.
    private mutating func removeEnded() {
        for index in stride(from: flows.count - 2, through: 0, by: -2) where flows[index].isDone && flows[index + 1].isDone {
            _ = Glibc.close(flows[index].from)
            _ = Glibc.close(flows[index].to)
            flows.removeSubrange(index...(index + 1))
        }
    }

    mutating func close() {
        for flow in flows { _ = Glibc.close(flow.from) }
        _ = Glibc.close(listener)
        flows = []
    }
}

/// Monotonic nanoseconds.
private func clock_gettime_nsec() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

private enum Socket {
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
