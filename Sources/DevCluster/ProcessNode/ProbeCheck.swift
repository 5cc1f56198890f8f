import FoundationEssentials
import Glibc
import HTTPTransport
import KubernetesModel

/// One try of a probe, against the pod's own address.
struct ProbeCheck: Sendable {
    let probe: Probe
    let container: Container
    let podIP: String
    /// The container's process, whose mounts an exec probe shares.
    let process: Int32
    let environment: [String: String]

    var period: Duration { .seconds(max(probe.periodSeconds ?? 10, 1)) }
    var initialDelay: Duration { .seconds(probe.initialDelaySeconds ?? 0) }
    private var timeout: Duration { .seconds(max(probe.timeoutSeconds ?? 1, 1)) }

    func passes() async -> Bool {
        if let action = probe.httpGet { return await passes(action) }
        if let action = probe.tcpSocket, let port = number(of: action.port) {
            return await TCPPort(address: action.host ?? podIP, port: port).accepts(within: timeout)
        }
        if let action = probe.exec { return await passes(action) }
        return false
    }

    private func passes(_ action: HTTPGetAction) async -> Bool {
        guard let port = number(of: action.port) else { return false }
        let path = action.path ?? "/"
        let scheme = (action.scheme ?? "HTTP").lowercased()
        var request = HTTPRequest(.get, "\(scheme)://\(action.host ?? podIP):\(port)\(path.hasPrefix("/") ? path : "/" + path)")
        for field in action.httpHeaders ?? [] { request.headers[field.name] = field.value }
        request.timeouts = HTTPTimeouts(connect: timeout, total: timeout)
        // As a kubelet: a probe over HTTPS does not verify the certificate.
        request.tls.verify = false
        request.maximumBodyBytes = 10_240
        guard let response = try? await HTTPClient.shared.send(request) else { return false }
        return (200..<400).contains(response.status)
    }

    private func passes(_ action: ExecAction) async -> Bool {
        let command =
            ["timeout", "\(timeout.components.seconds)", "nsenter", "--target", "\(process)", "--mount", "--uts", "--"] + (action.command ?? [])
        return (try? await Command.run(command, environment: environment)) != nil
    }

    private func number(of port: IntOrString) -> Int? {
        switch port {
        case .int(let number): number
        case .string(let name): container.ports?.first { $0.name == name }?.containerPort ?? Int(name)
        }
    }
}

/// Whether something listens.
struct TCPPort: Sendable {
    let address: String
    let port: Int

    /// Asks without blocking a thread: a pending connection is asked about again every 5 ms.
    func accepts(within limit: Duration) async -> Bool {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard handle >= 0 else { return false }
        defer { close(handle) }
        let deadline = ContinuousClock.now + limit
        repeat {
            switch connectOnce(handle) {
            case 0, EISCONN: return true
            case EINPROGRESS, EALREADY, EINTR: break
            default: return false
            }
            guard (try? await Task.sleep(for: .milliseconds(5))) != nil else { return false }
        } while ContinuousClock.now < deadline
        return false
    }

    /// The error number of one try; 0 when connected.
    private func connectOnce(_ handle: Int32) -> Int32 {
        var peer = sockaddr_in()
        peer.sin_family = sa_family_t(AF_INET)
        peer.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        guard unsafe inet_pton(AF_INET, address, &peer.sin_addr) == 1 else { return EINVAL }
        let answer = unsafe withUnsafePointer(to: peer) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe connect(handle, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        return answer == 0 ? 0 : errno
    }
}
