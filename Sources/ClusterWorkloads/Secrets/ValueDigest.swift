import CCrypto
import FoundationEssentials

/// What is shown of a value that others have to write. Who has the key may read Secrets and can compare; to everybody else it says nothing, where a plain
/// hash of a text of which all but the password is known would let anybody try passwords on it.
enum ValueDigest {
    /// `hmac-sha256:` and 64 hexadecimal digits; `nil` when it could not be computed.
    static func text(of value: Data, key: Data) -> String? {
        var digest = [UInt8](repeating: 0, count: 32)
        let isDone = unsafe dbm_hmac_sha256(Array(key), key.count, Array(value), value.count, &digest)
        guard isDone == 1 else { return nil }
        return "hmac-sha256:" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
