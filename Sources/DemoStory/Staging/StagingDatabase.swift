import ConnectionStrings
import FoundationEssentials
import StructuredData

/// One database of the staging environment, the application that uses it, and the Secret in which that application finds it.
struct StagingDatabase: Sendable {
    /// How the application's connection string is written.
    enum Form: Sendable { case url, keywords }

    var name: String
    /// Name of the Deployment and of the Service.
    var application: String
    /// The role it logs in with, owner of the database; no superuser.
    var role: String
    var secret: String
    var form: Form
    var sslMode: String
    /// The Service it connects to in place of the server.
    var pooler: String?
    var password: Redacted<String>

    /// The same behind the replicas of a PgBouncer: each application connects to one of them, within the cluster.
    static func pooled() -> [StagingDatabase] {
        all().enumerated().map { index, database in
            var database = database
            (database.pooler, database.sslMode) = (StagingNames.pooler(index % StagingNames.poolers), "disable")
            return database
        }
    }

    /// The three databases of the environment the project was made for; passwords are new in each run.
    static func all() -> [StagingDatabase] {
        [
            make("chain_db", "chain", .url, "verify-full"), make("publisher_db", "publisher", .keywords, "verify-full"),
            make("story_generator_db", "story-generator", .url, "require"),
        ]
    }

    private static func make(_ name: String, _ part: String, _ form: Form, _ sslMode: String) -> StagingDatabase {
        let role = name.replacing("_db", with: "_app")
        // The odd characters have to survive both dialects' quoting.
        return StagingDatabase(
            name: name, application: "mys-\(part)", role: role, secret: "mys-\(part)-db-secret", form: form, sslMode: sslMode,
            password: Redacted(newPassword()))
    }

    static func newPassword() -> String {
        "p@ss/\(String(UInt64.random(in: .min ... .max), radix: 36))'#\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    /// The value the application reads.
    func connectionString(host: String, port: Int) -> Redacted<String> {
        let certificate = "\(StagingNames.certificateFolder)/\(StagingNames.certificateKey)"
        switch form {
        case .url:
            return Redacted(
                "postgresql://\(role):\(Self.percentEncoded(password.reveal()))@\(host):\(port)/\(name)?sslmode=\(sslMode)&sslrootcert=\(certificate)"
                    + "&application_name=\(application)")
        case .keywords:
            return Redacted(
                Conninfo.build([
                    ("host", host), ("port", "\(port)"), ("dbname", name), ("user", role), ("password", password.reveal()), ("sslmode", sslMode),
                    ("sslrootcert", certificate), ("application_name", application),
                ]))
        }
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            guard !character.isASCII || !(character.isLetter || character.isNumber) else { return String(character) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" + digits : digits)
        }.joined()
    }
}

/// Names used in several places of the story.
enum StagingNames {
    static let namespace = "mys-staging"
    static let migration = "mys-staging"
    static let controllerNamespace = "dbmigration-system"
    static let connectionKey = "connection-string"
    static let sourceAdministrator = "old-psql-admin"
    static let targetAdministrator = "new-psql-admin"
    static let sourceSuperuser = "old-psql-superuser"
    static let targetSuperuser = "new-psql-superuser"
    static let certificateSecret = "psql-ca"
    static let certificateKey = "ca.crt"
    /// Where the applications' pods see the CA.
    static let certificateFolder = "/var/run/psql-ca"
    static let rowsPerTable = 100_000
    static let poolers = 2
    static let poolerPort = 6432
    /// Deployment and Service of one replica.
    static func pooler(_ number: Int) -> String { "pgbouncer-\(number)" }
}
