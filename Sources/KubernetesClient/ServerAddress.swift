/// Where requests go. With `tls-server-name` their address has that name, which the certificate is checked against, and the connection goes to the
/// server's own; the server is told its own name all the same.
struct ServerAddress {
    /// Without a slash at its end.
    var url: String
    /// Host and port, where they are not the address's.
    var connectTo: String?

    init(_ configuration: ClusterConfiguration) {
        url = configuration.server.hasSuffix("/") ? String(configuration.server.dropLast()) : configuration.server
        guard let name = configuration.serverName, url.hasPrefix("https://") else { return }
        let authority = AnsweredRequest.host(url)
        let path = url.dropFirst("https://".count).drop { $0 != "/" }
        // The last colon of an IPv6 address in brackets is none of a port.
        let port = authority.last == "]" ? nil : authority.lastIndex(of: ":").map { String(authority[authority.index(after: $0)...]) }
        connectTo = port == nil ? authority + ":443" : authority
        url = "https://\(name):\(port ?? "443")\(path)"
    }
}
