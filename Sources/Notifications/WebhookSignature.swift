import CCrypto
import FoundationEssentials

/// The headers of the Standard Webhooks specification, by which a receiver knows who posted, when, and that nothing was changed. Libraries of many
/// languages check them.
struct WebhookSignature: Sendable {
    /// As the Secret holds it: `whsec_` and base64, or the key itself.
    private let key: [UInt8]

    init?(secret: Data) {
        var bytes = secret
        while let last = bytes.last, last == 10 || last == 13 { bytes.removeLast() }
        let prefix = Data("whsec_".utf8)
        if bytes.starts(with: prefix) {
            guard let decoded = Data(base64Encoded: bytes.dropFirst(prefix.count)) else { return nil }
            bytes = decoded
        }
        // Shorter keys can be guessed.
        guard bytes.count >= 16 else { return nil }
        key = Array(bytes)
    }

    /// The value of `webhook-signature`; `nil` when it could not be computed.
    func sign(id: String, seconds: Int64, body: Data) -> String? {
        digest(Array("\(id).\(seconds).".utf8) + body).map { "v1,\(Data($0).base64EncodedString())" }
    }

    private func digest(_ content: [UInt8]) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: 32)
        let isDone = unsafe dbm_hmac_sha256(key, key.count, content, content.count, &digest)
        return isDone == 1 ? digest : nil
    }
}
