public import Foundation
import Glibc

/// A server on a free port of the loopback whose answers a test writes byte by byte.
public final class LocalServer: Sendable {
    /// One accepted connection, on a thread of its own.
    public struct Connection: Sendable {
        public let descriptor: Int32

        public func write(_ text: String) { write(Data(text.utf8)) }

        /// - Returns: whether the peer still takes bytes.
        @discardableResult
        public func write(_ data: Data) -> Bool {
            data.withUnsafeBytes { bytes in
                var sent = 0
                while sent < bytes.count {
                    let count = send(descriptor, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
                    if count <= 0 { return false }
                    sent += count
                }
                return true
            }
        }

        /// Returns when the peer has closed its side.
        public func waitForClose() {
            var byte: UInt8 = 0
            while recv(descriptor, &byte, 1, 0) > 0 {}
        }

        public func readRequest() -> String? {
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while !bytes.suffix(4).elementsEqual([13, 10, 13, 10]) {
                guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
                bytes.append(byte)
            }
            let head = String(decoding: bytes, as: UTF8.self)
            let length = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            var left = length.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
            var body: [UInt8] = []
            while left > 0, recv(descriptor, &byte, 1, 0) == 1 {
                body.append(byte)
                left -= 1
            }
            return head + String(decoding: body, as: UTF8.self)
        }
    }

    public let port: UInt16
    private let listener: Int32

    public var url: String { "http://127.0.0.1:\(port)" }

    /// - Parameter respond: called once for each connection, with its first request; the connection closes when it returns.
    public convenience init(_ respond: @escaping @Sendable (String, Connection) -> Void) {
        self.init(accept: { connection in
            if let request = connection.readRequest() { respond(request, connection) }
        })
    }

    /// - Parameter accept: called for each connection, on a thread of its own; the connection closes when it returns.
    public init(accept accepted: @escaping @Sendable (Connection) -> Void) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.socketAddress("127.0.0.1", port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(listener, $0, size) == 0)
                precondition(getsockname(listener, $0, &size) == 0)
            }
        }
        precondition(listen(listener, 256) == 0)
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        Thread.detachNewThread {
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                Thread.detachNewThread {
                    accepted(Connection(descriptor: descriptor))
                    close(descriptor)
                }
            }
        }
    }

    /// A port that nobody listens on.
    public static func freePort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = socketAddress("127.0.0.1", port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                precondition(bind(descriptor, $0, size) == 0)
                precondition(getsockname(descriptor, $0, &size) == 0)
            }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    /// A connection to another server; the caller closes it. One to nobody ends at once.
    /// - Parameter address: IPv4, in digits.
    public static func connect(to address: String, port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = socketAddress(address, port: port)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    private static func socketAddress(_ text: String, port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(text)
        return address
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }
}
