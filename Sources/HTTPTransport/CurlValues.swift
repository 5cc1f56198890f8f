import CCurl

extension Duration {
    /// Whole milliseconds, at least 1: libcurl takes 0 for "no limit".
    var milliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}

extension CURLcode {
    /// Whether this end of one request over a shared connection is a sign that the connection is dead.
    ///
    /// libcurl ends one stream of such a connection and keeps the connection for the next, which then waits in vain as well.
    var saysConnectionDied: Bool { [CURLE_OPERATION_TIMEDOUT, CURLE_HTTP2, CURLE_HTTP2_STREAM].contains(self) }
}

extension HTTPError.Kind {
    init(_ code: CURLcode, ifUnknown: Self) {
        switch code {
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_URL_MALFORMAT: self = .invalidRequest
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: self = .resolve
        // A handshake that a dying or starting server cuts off is no verdict on certificates.
        case CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR: self = .connect
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            self = .tls
        case CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR: self = .closed
        case CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_TOO_MANY_REDIRECTS, CURLE_HTTP2, CURLE_HTTP2_STREAM:
            self = .protocolViolation
        default: self = ifUnknown
        }
    }
}
