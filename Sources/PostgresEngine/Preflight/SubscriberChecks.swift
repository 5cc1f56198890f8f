import MigrationCore
import MigrationPorts

/// The role that creates subscriptions on a server, as that server knows it.
struct Subscriber: Sendable, Hashable {
    var role: String
    var isSuperuser = false
    var bypassesRowSecurity = false
    /// Databases of the plan in which it may create nothing. Asked since 16; before, only superusers subscribe.
    var withoutCreate: [String] = []
    /// Roles it may not SET ROLE to. Asked since 16, when a worker applies each table's rows as its owner.
    var cannotBecome: Set<ExactName> = []

    /// `nil` when there is no such role; then its login fails, which another check reports.
    static func read(_ session: PostgresConnection, role: String, databases: [String], major: Int) async throws -> Subscriber? {
        let found = try await session.rows(
            "SELECT oid, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = \(SQL.literal(role))", attempt: "check role \(role)"
        ).first
        guard let found else { return nil }
        var subscriber = Subscriber(
            role: role, isSuperuser: found.flag("rolsuper"), bypassesRowSecurity: found.flag("rolsuper") || found.flag("rolbypassrls"))
        guard major >= 16, !subscriber.isSuperuser else { return subscriber }
        subscriber.withoutCreate = try await session.rows(
            """
            SELECT datname FROM pg_database WHERE datname IN \(SQL.list(databases)) AND NOT has_database_privilege(\(found.text("oid"))::oid, oid, 'CREATE')
            ORDER BY 1
            """, attempt: "check where \(role) may subscribe"
        ).compactMap { $0[0] }
        let foreign = try await session.rows(
            "SELECT rolname FROM pg_roles WHERE NOT pg_has_role(\(found.text("oid"))::oid, oid, 'SET')", attempt: "check whom \(role) may become"
        ).compactMap { $0[0].map { ExactName($0) } }
        subscriber.cannotBecome = Set(foreign)
        return subscriber
    }
}

/// A table with row security, and whether its owner stands above it.
struct SecuredTable: Sendable, Hashable {
    var database: String
    var schema: String
    var table: String
    var isForced: Bool
    var ownerBypasses: Bool

    static func read(_ session: PostgresConnection) async throws -> [SecuredTable] {
        try await session.rows(
            """
            SELECT n.nspname, c.relname, c.relforcerowsecurity AS forced,
            (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE oid = c.relowner) AS above
            \(UserObjects.relations("'r'")) AND c.relrowsecurity ORDER BY 1, 2
            """, attempt: "look for row security"
        ).map {
            SecuredTable(
                database: session.options.database, schema: $0.text("nspname"), table: $0.text("relname"), isForced: $0.flag("forced"),
                ownerBypasses: $0.flag("above"))
        }
    }
}

/// Whether a role may create subscriptions and apply what they bring. Pure; the right to create them at all is tried by ``Reachability``.
struct SubscriberChecks: Sendable {
    /// `target host:port`
    var place: String
    var major: Int

    /// - Parameter owners: of the source's tables; one that does not exist here yet will be made, and found the next time.
    func problems(_ subscriber: Subscriber, owners: Set<ExactName>, secured: [SecuredTable]) -> [PreflightProblem] {
        let role = SQL.identifier(subscriber.role)
        var problems = subscriber.withoutCreate.map { database in
            PreflightProblem(
                reason: .missingPrivilege,
                message:
                    "role \(subscriber.role) may not create a subscription in \(database) on \(place): GRANT CREATE ON DATABASE \(SQL.identifier(database)) TO \(role)"
            )
        }
        problems += owners.intersection(subscriber.cannotBecome).sorted().map { owner in
            .init(
                reason: .missingPrivilege,
                message:
                    "role \(subscriber.role) on \(place) cannot apply rows as \(owner), who owns tables: GRANT \(SQL.identifier(owner.text)) TO \(role) WITH SET TRUE"
            )
        }
        problems += secured.filter { isRefused($0, subscriber) }.prefix(TableChecks.namedObjects).map { table in
            let name = SQL.identifier(table.schema, table.table)
            let who = major >= 16 ? "its owner BYPASSRLS" : "\(role) BYPASSRLS"
            return .init(
                reason: .missingPrivilege,
                message:
                    "row security of \(table.schema).\(table.table) in \(table.database) would stop the lane on \(place): give \(who), or for the migration ALTER TABLE \(name) NO FORCE ROW LEVEL SECURITY"
            )
        }
        return problems
    }

    /// A worker never writes into a table whose row security binds the role it applies as: the owner since 16, the subscription's own, which
    /// is a member of the owners, before.
    private func isRefused(_ table: SecuredTable, _ subscriber: Subscriber) -> Bool {
        table.isForced && !(major >= 16 ? table.ownerBypasses : subscriber.bypassesRowSecurity)
    }
}
