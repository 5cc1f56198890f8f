import MigrationCore
import MigrationPorts

/// Preflight of the source: what fencing, dumping and copying will need.
struct SourceChecks: Sendable {
    let context: DatabaseContext
    var longTransactionSeconds = 60

    private var sessions: Sessions { Sessions(context.source, uid: context.uid) }
    private var live: LiveChecks { LiveChecks(context: context, side: .source, longTransactionSeconds: longTransactionSeconds) }
    private var place: String { sessions.server }
    private var user: String { SQL.identifier(context.source.user) }
    private var names: [String] { context.plan.databases.map(\.name) }

    func run() async throws -> Preflight.Findings {
        let names = names
        var (findings, present, mayReplicate) = try await sessions.withMaintenance { session in
            var findings = Preflight.Findings(facts: try await ServerFacts.read(session), problems: [])
            findings.facts?.storage = try await StorageUse.read(session, context)
            findings.problems += try await server(session, findings.facts?.major ?? 0)
            findings.problems += try await fenceRows(session)
            let known = Set(try await DatabaseSettings.read(session, names).keys)
            findings.problems += names.filter { !known.contains($0) }.map {
                .init(reason: .databaseMissing, message: "database \($0) does not exist on source \(place): correct spec.databases")
            }
            findings.problems += try await owners(session)
            findings.problems += try await encodings(session)
            findings.facts?.settings = try await SettingUse.read(session, databases: names, applications: context.applicationRoles.map(\.name))
            if context.plan.isLive {
                await live.server(session, into: &findings)
            } else {
                // Those would write past the fence while its rows are read.
                findings.problems += try await FeedChecks(session: session, place: "source \(place)").subscriptions(names)
            }
            return (findings, names.filter { known.contains($0) }, try await CommonChecks.mayReplicate(session))
        }
        if mayReplicate {
            for name in present {
                do {
                    findings.add(try await sessions.with(database: name) { try await database(name, $0) })
                } catch {
                    findings.problems.append(.init(error, context.source, side: "source"))
                }
            }
        } else {
            let remedy = (findings.facts?.provider ?? .selfManaged).grantReplication(to: user)
            findings.problems.append(
                .init(reason: .missingPrivilege, message: "role \(context.source.user) on source \(place) lacks REPLICATION: \(remedy)"))
        }
        for role in context.applicationRoles {
            let problem = await ApplicationLogin(access: context.source, side: .source, remedy: "correct the connection string's Secret").attempt(
                role, database: role.database)
            if let problem { findings.problems.append(problem) }
        }
        return findings
    }

    private func server(_ session: PostgresConnection, _ major: Int) async throws -> [PreflightProblem] {
        var problems: [PreflightProblem] = []
        if major < 13 {
            problems.append(.init(reason: .versionUnsupported, message: "source \(place) runs PostgreSQL \(major); 13 is the oldest supported"))
        }
        problems += try await CommonChecks.privileges(session, place: "source \(place)", user: user)
        problems += try await ClosedDoor.problems(session, place: "source \(place)", roles: context.source.rolesBehindTheDoor)
        let prepared = try await session.rows(
            "SELECT gid, database FROM pg_prepared_xacts WHERE database IN \(SQL.list(names)) ORDER BY 1 LIMIT 5",
            attempt: "list prepared transactions")
        problems += prepared.map {
            .init(
                reason: .preparedTransactions,
                message:
                    "prepared transaction \($0.text("gid")) in \($0.text("database")) on source \(place): COMMIT PREPARED or ROLLBACK PREPARED it")
        }
        // Live mode counts them together with its lanes'.
        return context.plan.isLive ? problems : try await problems + senders(session)
    }

    private func senders(_ session: PostgresConnection) async throws -> [PreflightProblem] {
        // Each lane that copies or builds may have one, and pg_dump.
        let wanted = context.plan.copy.jobs + context.plan.copy.indexJobs + 1
        let senders = try await session.rows(
            """
            SELECT current_setting('max_wal_senders')::int AS most, current_setting('max_wal_senders')::int
            - (SELECT count(*) FROM pg_stat_replication)::int AS free
            """, attempt: "count free WAL senders"
        ).first
        guard let free = senders?.integer("free"), free < wanted else { return [] }
        return [
            .init(
                reason: .serverSettings,
                message:
                    "source \(place) has \(free) free WAL senders, copy.jobs + copy.indexJobs + 1 = \(wanted) are needed: set max_wal_senders to \(Int(senders?.integer("most") ?? 0) + wanted - Int(free)) and restart it"
            )
        ]
    }

    private func fenceRows(_ session: PostgresConnection) async throws -> [PreflightProblem] {
        guard try await FenceTable.isReadable(session) == true else { return [] }
        return try await session.rows(
            "SELECT database, uid, state, epoch FROM _dbmigration.fence WHERE database IN \(SQL.list(names)) AND uid <> \(SQL.literal(context.uid)) AND state = 'closed'",
            attempt: "look for fences of others"
        ).map {
            .init(
                reason: .stateLost,
                message:
                    "database \($0.text("database")) on source \(place) is fenced by migration \($0.text("uid")) (epoch \($0.text("epoch"))), not by this one: let that migration finish, or open the fence by hand"
            )
        }
    }

    private func owners(_ session: PostgresConnection) async throws -> [PreflightProblem] {
        try await session.rows(
            "SELECT datname, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname IN \(SQL.list(names)) AND NOT pg_has_role(datdba, 'USAGE')",
            attempt: "check the databases' owners"
        ).map {
            .init(
                reason: .missingPrivilege,
                message:
                    "role \(context.source.user) on source \(place) is not a member of \($0.text("owner")), owner of database \($0.text("datname")): GRANT \(SQL.identifier($0.text("owner"))) TO \(user)"
            )
        }
    }

    /// Sequences to which their own owner may give no value: on the target our role is no more than a member of it.
    private func unsettable(_ session: PostgresConnection) async throws -> [PreflightProblem] {
        try await session.rows(
            """
            SELECT n.nspname, c.relname, pg_get_userbyid(c.relowner) AS owner \(UserObjects.relations("'S'"))
            AND NOT has_table_privilege(c.relowner, c.oid, 'UPDATE') ORDER BY 1, 2 LIMIT 5
            """, attempt: "look for sequences that nobody may set"
        ).map {
            let (name, owner) = (SQL.identifier($0.text("nspname"), $0.text("relname")), SQL.identifier($0.text("owner")))
            return .init(
                reason: .missingPrivilege,
                message:
                    "sequence \($0.text("nspname")).\($0.text("relname")) in \(session.options.database) on source \(place) could not be set on the target, since its owner has taken that right from itself: GRANT UPDATE ON SEQUENCE \(name) TO \(owner)"
            )
        }
    }

    /// Rows that are loaded through such a root might go to the foreign leaf's server, which both sides read.
    private func foreignLeaves(_ session: PostgresConnection) async throws -> [PreflightProblem] {
        try await session.rows(
            """
            SELECT DISTINCT root::json ->> 0 AS nspname, root::json ->> 1 AS relname, n.nspname AS leaf_schema, f.relname AS leaf
            FROM (SELECT c.oid, \(PartitionRouting.root) AS root \(UserObjects.relations("'r'"))) r
            JOIN pg_class f ON f.relkind = 'f' AND f.relispartition AND pg_partition_root(f.oid) = pg_partition_root(r.oid)
            JOIN pg_namespace n ON n.oid = f.relnamespace WHERE root IS NOT NULL ORDER BY 1, 2, 3, 4 LIMIT 5
            """, attempt: "look for foreign partitions by hashes that differ between servers"
        ).map {
            .init(
                reason: .unsupportedObject,
                message:
                    "\($0.text("nspname")).\($0.text("relname")) in \(session.options.database) on source \(place) is partitioned by a hash that differs between servers, and its partition \($0.text("leaf_schema")).\($0.text("leaf")) is a foreign table, which would take rows of other partitions on the target: DETACH it for the migration"
            )
        }
    }

    /// Text of these has no meaning of its own: nothing says what bytes beyond ASCII are in UTF-8, in which everything here is read and written.
    private func encodings(_ session: PostgresConnection) async throws -> [PreflightProblem] {
        try await session.rows(
            """
            SELECT datname, pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname IN \(SQL.list(names))
            AND pg_encoding_to_char(encoding) IN ('SQL_ASCII', 'MULE_INTERNAL') ORDER BY 1
            """, attempt: "check the databases' encodings"
        ).map {
            .init(
                reason: .unsupportedObject,
                message:
                    "database \($0.text("datname")) on source \(place) has encoding \($0.text("encoding")), whose text cannot be told in UTF-8: find out what its applications write, load a dump (pg_dump --encoding) into a database of that encoding there, and migrate that one"
            )
        }
    }

    private func database(_ name: String, _ session: PostgresConnection) async throws -> Preflight.Found {
        var problems: [PreflightProblem] = []
        let strangers = try await session.rows(
            "SELECT DISTINCT pg_get_userbyid(c.relowner) AS owner \(UserObjects.relations("'r', 'p', 'v', 'm', 'S'")) AND NOT pg_has_role(c.relowner, 'USAGE')",
            attempt: "check the tables' owners")
        problems += strangers.map {
            .init(
                reason: .missingPrivilege,
                message:
                    "role \(context.source.user) on source \(place) is not a member of \($0.text("owner")), owner of tables in \(name): GRANT \(SQL.identifier($0.text("owner"))) TO \(user)"
            )
        }
        let unreadable = try await session.rows(
            """
            SELECT n.nspname, c.relname, CASE c.relkind WHEN 'S' THEN 'SELECT' ELSE 'SELECT, TRIGGER' END AS rights,
                pg_get_userbyid(c.relowner) AS owner \(UserObjects.relations("'r', 'p', 'S'")) AND pg_has_role(c.relowner, 'USAGE') AND NOT (has_table_privilege(c.oid, 'SELECT')
            AND (c.relkind = 'S' OR has_table_privilege(c.oid, 'TRIGGER'))) LIMIT 5
            """, attempt: "look for tables we may not read")
        problems += unreadable.map {
            let name = SQL.identifier($0.text("nspname"), $0.text("relname"))
            return .init(
                reason: .missingPrivilege,
                message:
                    "\(user) may not read \($0.text("nspname")).\($0.text("relname")) in \(session.options.database) on source \(place), or put the guard on it: GRANT \($0.text("rights")) ON \(name) TO \(SQL.identifier($0.text("owner")))"
            )
        }
        if context.plan.copy.roles == .createMissing { problems += try await unsettable(session) }
        problems += try await foreignLeaves(session)
        let hidden = try await session.rows(
            "SELECT n.nspname, c.relname \(UserObjects.relations("'r', 'p'")) AND row_security_active(c.oid) LIMIT 5",
            attempt: "look for row security")
        problems += hidden.map {
            .init(
                reason: .missingPrivilege,
                message:
                    "row security hides rows of \($0.text("nspname")).\($0.text("relname")) in \(name) on source \(place) from us: ALTER TABLE … NO FORCE ROW LEVEL SECURITY, or give \(user) BYPASSRLS"
            )
        }
        problems += try await LargeObjectChecks(session: session, place: "source \(place)", user: user).problems(isLive: context.plan.isLive)
        problems += try await CollationChecks(session: session, place: "source \(place)").problems()
        problems += try await UserMappings(session: session, place: "source \(place)").problems()
        let extensions = try await session.rows("SELECT extname, extversion FROM pg_extension", attempt: "list extensions")
        return Preflight.Found(
            database: name, problems: problems,
            extensions: Dictionary(extensions.map { ($0.text("extname"), $0.text("extversion")) }) { first, _ in first },
            superuserObjects: try await SuperuserObjects(session: session).read(), roleNeeds: try await RoleNeeds.read(session),
            lockNeeds: try await LockNeeds.read(session), live: context.plan.isLive ? try await live.database(session) : nil)
    }
}
