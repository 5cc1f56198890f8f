import FoundationEssentials

/// Where a webhook may be: over TLS anywhere; without it only where nobody outside of the cluster listens in.
enum WebhookAddress {
    /// The address a Secret holds, or why it cannot be used. Never quotes it: its path is a password to many receivers.
    static func read(_ data: Data) -> Result<String, WebhookProblem> {
        let text = String(decoding: data, as: UTF8.self).trimmingTrailingNewlines
        guard text.utf8.count <= 4_096, let parts = URLComponents(string: text), let scheme = parts.scheme, let host = parts.host, !host.isEmpty
        else {
            return .failure(WebhookProblem("holds no URL"))
        }
        switch scheme {
        case "https": return .success(text)
        case "http" where isInside(host): return .success(text)
        case "http": return .failure(WebhookProblem("holds a URL without TLS to a host outside of the cluster; use https"))
        default: return .failure(WebhookProblem("holds a URL with another scheme than https"))
        }
    }

    /// Names of Services (`hook`, `hook.namespace.svc`, `hook.namespace.svc.cluster.local`) and the loopback, where a proxy beside the controller may be.
    static func isInside(_ host: String) -> Bool {
        let labels = host.lowercased().split(separator: ".").map(String.init)
        let isLoopback =
            ["localhost", "::1", "[::1]"].contains(host) || (labels.count == 4 && labels[0] == "127" && labels.allSatisfy { Int($0) != nil })
        let isService = labels.count == 1 && labels[0].first?.isLetter == true
        return isLoopback || isService || labels.dropFirst(2) == ["svc"] || labels.dropFirst(2) == ["svc", "cluster", "local"]
    }
}

/// What is wrong with a Secret of a receiver; a sentence without its subject.
struct WebhookProblem: Error, Sendable, Hashable {
    var message: String

    init(_ message: String) { self.message = message }
}

extension String {
    /// An editor's last line break belongs to nobody.
    fileprivate var trimmingTrailingNewlines: String {
        var text = self
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
