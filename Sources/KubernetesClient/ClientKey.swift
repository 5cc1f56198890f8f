import CCrypto
import FoundationEssentials

/// The private key of a client certificate, looked at before it is used: libcurl would say no more than that there is a problem with it.
enum ClientKey {
    /// What is wrong with it, without anything of the key itself; `nil` when it fits.
    static func problem(_ key: Data, for certificate: Data) -> String? {
        let answer = unsafe key.withUnsafeBytes { key in
            unsafe certificate.withUnsafeBytes { certificate in
                unsafe dbm_check_key(certificate.baseAddress, Int32(clamping: certificate.count), key.baseAddress, Int32(clamping: key.count))
            }
        }
        switch answer {
        case DBM_KEY_FITS: return nil
        case DBM_KEY_UNREADABLE: return "holds no PEM private key"
        case DBM_KEY_ENCRYPTED: return "is encrypted with a passphrase, which nobody is here to type: decrypt it (openssl pkey)"
        case DBM_KEY_OF_ANOTHER: return "is the key of another certificate than the one beside it"
        default: return "cannot be compared with the certificate beside it, which OpenSSL cannot read"
        }
    }
}
