/// Who runs a server, known by the roles its provider makes: decides in whose words a remedy is said. Never what is checked.
enum Provider: String, Sendable, Hashable, CaseIterable {
    case selfManaged, azureFlexibleServer, rds, cloudSQL

    /// Roles that only one provider makes.
    static let marks: [String: Provider] = [
        "azure_pg_admin": .azureFlexibleServer, "rds_superuser": .rds, "rdsadmin": .rds, "cloudsqlsuperuser": .cloudSQL,
    ]

    /// - Parameter roles: names of roles which exist on the server.
    init(roles: some Sequence<String>) { self = roles.lazy.compactMap { Self.marks[$0] }.first ?? .selfManaged }

    static func read(_ session: PostgresConnection) async throws -> Provider {
        let names = try await session.rows(
            "SELECT rolname FROM pg_roles WHERE rolname IN \(SQL.list(marks.keys.sorted()))", attempt: "find out who runs the server"
        ).compactMap { $0[0] }
        return Provider(roles: names)
    }

    // MARK: Server parameters

    /// - Parameters:
    ///   - values: more than one for a parameter that is a list; in the parameter's own unit, which every provider takes.
    ///   - host: the server's name, which often begins with what the provider calls it.
    func set(_ name: String, to values: [String], needsRestart: Bool, host: String) -> String {
        let plain = values.joined(separator: ",")
        switch self {
        case .selfManaged:
            let list = values.map { SQL.literal($0) }.joined(separator: ", ")
            return "ALTER SYSTEM SET \(name) = \(list); " + (needsRestart ? "then restart the server" : "SELECT pg_reload_conf()")
        case .azureFlexibleServer:
            let server = instance(host, "<server>")
            let restart = needsRestart ? "; az postgres flexible-server restart -g <group> -n \(server)" : ""
            return "az postgres flexible-server parameter set -g <group> -s \(server) --name \(name) --value \(plain)\(restart)"
        case .rds:
            let (parameter, value) = name == "wal_level" ? ("rds.logical_replication", "1") : (name, plain)
            let method = needsRestart ? "pending-reboot" : "immediate"
            let restart = needsRestart ? "; aws rds reboot-db-instance --db-instance-identifier \(instance(host, "<instance>"))" : ""
            return "aws rds modify-db-parameter-group --db-parameter-group-name <group> --parameters "
                + "ParameterName=\(parameter),ParameterValue=\(value),ApplyMethod=\(method)\(restart)"
        case .cloudSQL:
            let flag = name == "wal_level" ? "cloudsql.logical_decoding=on" : "\(name)=\(plain)"
            return "gcloud sql instances patch <instance> --database-flags=\(flag) (name every other flag of the instance too: the list is replaced)"
                + (needsRestart ? "; it restarts" : "")
        }
    }

    /// Azure's and Amazon's names of a server are the first label of its host's name.
    private func instance(_ host: String, _ unknown: String) -> String {
        let isTheirs = host.hasSuffix(".azure.com") || host.hasSuffix(".rds.amazonaws.com")
        return isTheirs ? host.split(separator: ".").first.map(String.init) ?? unknown : unknown
    }

    // MARK: Roles

    /// - Parameter user: quoted, as everywhere here.
    func grantReplication(to user: String) -> String {
        switch self {
        case .selfManaged, .azureFlexibleServer, .cloudSQL: "ALTER ROLE \(user) REPLICATION"
        case .rds: "GRANT rds_replication TO \(user)"
        }
    }

    /// What lets a role create subscriptions.
    /// - Parameter side: the word in the spec, `source` or `target`.
    func allowSubscriptions(to user: String, major: Int, side: String, maintenanceDatabase: String) -> String {
        let database = "GRANT CREATE ON DATABASE \(SQL.identifier(maintenanceDatabase)) TO \(user)"
        let other = "or name another role's Secret in spec.\(side).subscriptionCredentialsSecretRef"
        switch self {
        case _ where major >= 16: return "GRANT pg_create_subscription TO \(user); \(database); \(other)"
        case .selfManaged:
            return "before PostgreSQL 16 only a superuser may: name the Secret of one in spec.\(side).subscriptionCredentialsSecretRef"
        case .azureFlexibleServer: return "GRANT azure_pg_admin TO \(user), \(other)"
        case .rds: return "GRANT rds_superuser TO \(user), \(other)"
        case .cloudSQL: return "GRANT cloudsqlsuperuser TO \(user), \(other)"
        }
    }

    // MARK: Extensions

    func allowExtensions(_ names: [String], host: String) -> String {
        let list = names.joined(separator: ",")
        switch self {
        case .selfManaged: return "install their packages there"
        case .azureFlexibleServer:
            return "add them to its allow-list: az postgres flexible-server parameter set -g <group> -s \(instance(host, "<server>")) "
                + "--name azure.extensions --value <those of now>,\(list)"
        case .rds: return "add them to parameter rds.allowed_extensions where it is set, or use an engine version that has them"
        case .cloudSQL: return "use a version of Cloud SQL that has them"
        }
    }
}
