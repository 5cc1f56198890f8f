import FoundationEssentials
import Glibc

/// The names that resolve inside the sandbox. There is no DNS server and no proxy for cluster IPs: a Service's name means its
/// first ready endpoint, so that a URL has to use the target port.
struct HostsFile: Sendable, Hashable {
    /// Addresses by `service.namespace`.
    var services: [String: String] = [:]

    var text: String {
        var lines = ["127.0.0.1 localhost", "::1 localhost"]
        lines.append("\(Addresses.kubernetesService) \(Addresses.apiServerNames.joined(separator: " "))")
        lines.append("\(Addresses.node) \(Addresses.nodeName)")
        lines.append("\(Addresses.source) \(Addresses.sourceHost)")
        lines.append("\(Addresses.target) \(Addresses.targetHost)")
        for (name, address) in services.sorted(by: { $0.key < $1.key }) where name != "kubernetes.default" {
            lines.append("\(address) \(name) \(name).svc \(name).svc.cluster.local")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The address a name stands for.
    func address(of name: String) -> String? {
        switch name {
        case Addresses.sourceHost: return Addresses.source
        case Addresses.targetHost: return Addresses.target
        default:
            let short = name.split(separator: ".").prefix(2).joined(separator: ".")
            return services[short]
        }
    }

    /// Writes the file in place: it is bind-mounted over /etc/hosts, so that a new file under its name would not be seen.
    func write(to path: String) throws {
        let handle = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard handle >= 0 else { throw CocoaError(.fileWriteUnknown, userInfo: ["path": path]) }
        defer { close(handle) }
        var text = text
        // One write, then the cut: readers never see an empty file.
        let length = text.withUTF8 { unsafe pwrite(handle, $0.baseAddress, $0.count, 0) }
        guard length == text.utf8.count, ftruncate(handle, off_t(length)) == 0 else { throw CocoaError(.fileWriteUnknown, userInfo: ["path": path]) }
    }
}
