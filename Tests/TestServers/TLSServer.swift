public import Foundation

/// OpenSSL's own HTTPS server on 127.0.0.1, which answers 200, with a throw-away certificate that it signed itself.
public final class TLSServer: Sendable {
    public struct Failure: Error, CustomStringConvertible { public var description: String }

    public static let program = "/usr/bin/openssl"
    public static var isPresent: Bool { FileManager.default.isExecutableFile(atPath: program) }

    public let port: Int
    /// PEM: who trusts this trusts the server.
    public let authority: Data
    /// The same of somebody else who calls himself the same.
    public let stranger: Data
    private let input: Pipe

    // When this process ends, however it ends, the shell's standard input closes.
    private static let script = """
        set -eu
        dir=$(mktemp -d); trap '{ kill -KILL "$server"; wait; } 2>/dev/null; rm -rf "$dir"' EXIT
        cd "$dir"
        for name in server stranger; do
          openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $name.key -out $name.pem -subj /CN=probe \\
            -addext subjectAltName=IP:127.0.0.1 -days 2 2>/dev/null
        done
        openssl s_server -quiet -www -accept "127.0.0.1:$1" -cert server.pem -key server.key </dev/null >log 2>&1 & server=$!
        until openssl s_client -connect "127.0.0.1:$1" </dev/null >/dev/null 2>&1; do kill -0 $server || { cat log; exit 1; }; done
        cat server.pem; echo; cat stranger.pem; echo ready
        cat >/dev/null
        """

    /// Returns when it answers.
    public static func start() throws -> TLSServer {
        let port = LocalServer.freePort()
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", script, "tls", "\(port)"]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var said = Data()
        while !said.suffix(6).elementsEqual("ready\n".utf8) {
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else { throw Failure(description: "OpenSSL's server did not start: \(String(decoding: said, as: UTF8.self))") }
            said += more
        }
        let end = "-----END CERTIFICATE-----\n"
        let parts = String(decoding: said, as: UTF8.self).components(separatedBy: end)
        return TLSServer(port: port, authority: Data((parts[0] + end).utf8), stranger: Data((parts[1] + end).utf8), input: input)
    }

    private init(port: Int, authority: Data, stranger: Data, input: Pipe) {
        (self.port, self.authority, self.stranger, self.input) = (port, authority, stranger, input)
    }

    public func stop() { try? input.fileHandleForWriting.close() }
}
