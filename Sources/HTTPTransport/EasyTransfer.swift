import CCurl
import FoundationEssentials
import StructuredData

/// One transfer inside libcurl: owns the easy handle and what it points to. Lives on the loop's thread alone.
@safe
final class EasyTransfer {
    let handle: UnsafeMutableRawPointer
    let transfer: Transfer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var connectTo: UnsafeMutablePointer<curl_slist>?
    private let errorText: UnsafeMutablePointer<CChar>
    private var parser: HeadParser
    /// Whether it goes over a connection that others use at the same time.
    private let isShared: Bool

    /// - Parameter isShared: whether HTTP/2 is allowed now.
    init?(_ transfer: Transfer, isShared: Bool) {
        guard let handle = unsafe curl_easy_init() else { return nil }
        unsafe self.handle = unsafe handle
        self.transfer = transfer
        self.isShared = isShared
        let size = Int(CURL_ERROR_SIZE)
        unsafe errorText = .allocate(capacity: size)
        unsafe errorText.initialize(repeating: 0, count: size)
        parser = HeadParser(followsRedirects: transfer.request.followsRedirects)
    }

    deinit {
        unsafe curl_easy_cleanup(handle)
        unsafe curl_slist_free_all(headers)
        unsafe curl_slist_free_all(connectTo)
        unsafe errorText.deallocate()
    }

    // MARK: Setting up

    /// - Returns: why libcurl does not accept the request; `nil` when it does.
    func configure() -> HTTPError? {
        let request = transfer.request
        guard !request.url.utf8.contains(0), request.headers.fields.allSatisfy({ Self.isSafe($0.name) && Self.isSafe($0.value) }) else {
            return transfer.error(.invalidRequest, "a line break or zero byte in the address or a header field")
        }
        let codes = [text(CURLOPT_URL, request.url), text(CURLOPT_PROTOCOLS_STR, "http,https")]
        if let failed = (codes + configureMethod(request) + configureConnection(request) + configureTLS(request.tls)).first(where: { $0 != CURLE_OK })
        {
            return transfer.error(HTTPError.Kind(failed, ifUnknown: .invalidRequest), unsafe String(cString: curl_easy_strerror(failed)))
        }
        for field in request.headers.fields { append("\(field.name): \(field.value)") }
        // No 100-continue round trip before bodies.
        append("Expect:")
        _ = unsafe ccurl_set_list(handle, CURLOPT_HTTPHEADER, headers)
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        _ = unsafe ccurl_set_receivers(handle, receiveHeader, receiveBody, context)
        _ = unsafe ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)
        return nil
    }

    private func configureMethod(_ request: HTTPRequest) -> [CURLcode] {
        switch (request.method, request.body) {
        case (.get, nil): return [long(CURLOPT_HTTPGET, 1)]
        case (.head, _): return [long(CURLOPT_NOBODY, 1)]
        case (.delete, nil): return [text(CURLOPT_CUSTOMREQUEST, request.method.rawValue)]
        case (_, let body):
            let bytes = body ?? Data()
            // An empty buffer may have no address, and without one libcurl would read the body from standard input.
            let code =
                unsafe bytes.isEmpty
                ? ccurl_set_body(handle, "", 0) : bytes.withUnsafeBytes { unsafe ccurl_set_body(handle, $0.baseAddress, $0.count) }
            return [long(CURLOPT_POST, 1), code, text(CURLOPT_CUSTOMREQUEST, request.method.rawValue)]
        }
    }

    private func configureConnection(_ request: HTTPRequest) -> [CURLcode] {
        let timeouts = request.timeouts
        var codes = [
            long(CURLOPT_NOSIGNAL, 1),
            long(CURLOPT_HTTP_VERSION, Int(isShared ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)),
            // Rather wait for a connection being made than make one more.
            long(CURLOPT_PIPEWAIT, isShared ? 1 : 0),
            // A peer that vanished is noticed 20 s after the first unanswered byte or probe.
            unsafe ccurl_watch_peer(handle),
            long(CURLOPT_TCP_KEEPALIVE, 1),
            long(CURLOPT_TCP_KEEPIDLE, 30),
            long(CURLOPT_TCP_KEEPINTVL, 10),
            long(CURLOPT_FOLLOWLOCATION, request.followsRedirects ? 1 : 0),
            long(CURLOPT_MAXREDIRS, 10),
            long(CURLOPT_CONNECTTIMEOUT_MS, timeouts.connect.milliseconds),
        ]
        if let total = timeouts.total { codes.append(long(CURLOPT_TIMEOUT_MS, total.milliseconds)) }
        if let idle = timeouts.idle {
            codes += [long(CURLOPT_LOW_SPEED_LIMIT, 1), long(CURLOPT_LOW_SPEED_TIME, (idle.milliseconds + 999) / 1000)]
        }
        // An empty list, so that no_proxy has no say in it.
        if let proxy = request.proxy { codes += [text(CURLOPT_PROXY, proxy.reveal()), text(CURLOPT_NOPROXY, "")] }
        // Whatever host and port the address has.
        if let peer = request.connectTo {
            unsafe connectTo = unsafe curl_slist_append(nil, "::" + peer)
            codes.append(unsafe ccurl_set_list(handle, CURLOPT_CONNECT_TO, connectTo))
        }
        if request.acceptsCompression { codes.append(text(CURLOPT_ACCEPT_ENCODING, "gzip")) }
        return codes
    }

    private func configureTLS(_ tls: HTTPTLS) -> [CURLcode] {
        var codes = [long(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1 : 0), long(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2 : 0)]
        switch tls.trust {
        case .system: break
        case .file(let path):
            codes += [text(CURLOPT_CAINFO, path)]
            // Otherwise libcurl keeps what it read for a day. Refused where it keeps nothing.
            _ = long(CURLOPT_CA_CACHE_TIMEOUT, 0)
        case .pem(let pem): codes += [blob(CURLOPT_CAINFO_BLOB, pem)]
        }
        if let identity = tls.identity {
            codes += [
                text(CURLOPT_SSLCERTTYPE, "PEM"), blob(CURLOPT_SSLCERT_BLOB, identity.certificate),
                text(CURLOPT_SSLKEYTYPE, "PEM"), blob(CURLOPT_SSLKEY_BLOB, identity.key.reveal()),
            ]
        }
        return codes
    }

    private func long(_ option: CURLoption, _ value: Int) -> CURLcode { unsafe ccurl_set_long(handle, option, value) }

    private func text(_ option: CURLoption, _ value: String) -> CURLcode { unsafe ccurl_set_text(handle, option, value) }

    private func blob(_ option: CURLoption, _ value: Data) -> CURLcode {
        unsafe value.withUnsafeBytes { unsafe ccurl_set_blob(handle, option, $0.baseAddress, $0.count) }
    }

    private func append(_ line: String) {
        if let longer = unsafe curl_slist_append(headers, line) { unsafe headers = unsafe longer }
    }

    private static func isSafe(_ field: String) -> Bool { !field.utf8.contains { $0 == 0 || $0 == 10 || $0 == 13 } }

    // MARK: Under way

    func resume() { _ = unsafe curl_easy_pause(handle, CURLPAUSE_CONT) }

    func finish(_ code: CURLcode) {
        guard code != CURLE_OK else {
            transfer.end(.success(()))
            return
        }
        let text = unsafe String(cString: errorText)
        let message = unsafe text.isEmpty ? String(cString: curl_easy_strerror(code)) : text
        transfer.fail(HTTPError.Kind(code, ifUnknown: .other), message)
    }

    fileprivate func receive(header line: String) {
        if let head = parser.parse(line) { transfer.receive(head) }
    }

    /// - Returns: whether the bytes were taken; otherwise the transfer has to pause.
    fileprivate func receive(body bytes: Data) -> Bool { transfer.receive(bytes) }
}

// libcurl calls these on the loop's thread, while the transfer is in `RunningTransfers` and hence alive.

private let receiveHeader: ccurl_write_function = { bytes, size, count, context in
    let length = size * count
    guard let context = unsafe context, let bytes = unsafe bytes else { return length }
    let line = unsafe String(decoding: UnsafeRawBufferPointer(start: bytes, count: length), as: UTF8.self)
    unsafe Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue().receive(header: line)
    return length
}

private let receiveBody: ccurl_write_function = { bytes, size, count, context in
    let length = size * count
    guard length > 0, let context = unsafe context, let bytes = unsafe bytes else { return length }
    let isTaken = unsafe Unmanaged<EasyTransfer>.fromOpaque(context).takeUnretainedValue().receive(body: Data(bytes: bytes, count: length))
    return isTaken ? length : Int(CURL_WRITEFUNC_PAUSE)
}
