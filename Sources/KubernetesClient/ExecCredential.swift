import FoundationEssentials
import HTTPTransport
import KubernetesModel
import StructuredData

/// What a credential plugin printed.
struct ExecCredential: Sendable {
    var credentials: ResolvedCredentials
    /// `nil`: until the server refuses it.
    var expiration: Time?

    init(_ output: String, from plugin: ExecPlugin) throws(ConfigurationError) {
        struct Printed: Decodable {
            struct Status: Decodable {
                var token: String?
                var clientCertificateData: String?
                var clientKeyData: String?
                var expirationTimestamp: Time?
            }
            var apiVersion: String?
            var status: Status?
        }
        // The decoder's error is left out: it may quote the output.
        guard let printed = try? JSON.decode(Printed.self, from: output), let status = printed.status else {
            throw plugin.problem("did not print an ExecCredential with a status")
        }
        guard printed.apiVersion == plugin.apiVersion else {
            throw plugin.problem("answered in \(printed.apiVersion ?? "no apiVersion"), not \(plugin.apiVersion)")
        }
        if let certificate = status.clientCertificateData, let key = status.clientKeyData {
            credentials = ResolvedCredentials(
                token: status.token.map { Redacted($0) },
                identity: HTTPClientIdentity(certificate: Data(certificate.utf8), key: Redacted(Data(key.utf8))))
        } else if let token = status.token {
            credentials = ResolvedCredentials(token: Redacted(token))
        } else {
            throw plugin.problem("printed neither a token nor a certificate with its key")
        }
        expiration = status.expirationTimestamp
    }
}
