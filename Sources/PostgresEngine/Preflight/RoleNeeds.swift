import MigrationCore

/// What the databases of the source ask of the target's roles.
struct RoleNeeds: Sendable, Hashable {
    /// Objects owned by superusers of the source, by owner; named as SQL names them, with their database.
    var ownedBySuperusers: [ExactName: [String]] = [:]
    /// Superusers of the source, which we create nowhere, with the objects that name them in privileges or policies.
    var granted: [ExactName: [String]] = [:]
    /// Roles that policies and user mappings name, which are restored without roles, too.
    var named: [ExactName: [String]] = [:]

    mutating func add(_ other: RoleNeeds) {
        ownedBySuperusers.merge(other.ownedBySuperusers) { $0 + $1 }
        granted.merge(other.granted) { $0 + $1 }
        named.merge(other.named) { $0 + $1 }
    }

    /// Of the database that `session` is in.
    static func read(_ session: PostgresConnection) async throws -> RoleNeeds {
        let database = session.options.database
        let owned = try await session.rows(
            """
            SELECT r.rolname AS role, i.type || ' ' || i.identity AS object FROM (\(OwnedObjects.all)) o JOIN pg_roles r ON r.oid = o.owner AND r.rolsuper,
                pg_identify_object(o.class, o.oid, 0) i
            WHERE NOT EXISTS (SELECT 1 FROM pg_class c WHERE o.class = 'pg_class'::regclass AND c.oid = o.oid AND c.relkind IN ('i', 'I', 't'))
                AND (o.class <> 'pg_namespace'::regclass OR (i.identity <> ALL ('{public,\(Artefacts.schema)}') AND left(i.identity, 3) <> 'pg_'))
                AND i.type <> 'event trigger'
            UNION ALL SELECT r.rolname, count(*) || ' large objects, e.g. ' || min(m.oid) FROM pg_largeobject_metadata m
                JOIN pg_roles r ON r.oid = m.lomowner AND r.rolsuper GROUP BY 1
            ORDER BY 1, 2
            """, attempt: "look for what superusers own")
        let granted = try await session.rows(
            """
            SELECT r.rolname AS role, i.type || ' ' || i.identity AS object FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid AND r.rolsuper,
                pg_identify_object(s.classid, s.objid, s.objsubid) i
            WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.refclassid = 'pg_authid'::regclass
                AND s.deptype IN ('a', 'r') AND i.schema IS DISTINCT FROM '\(Artefacts.schema)' AND i.identity <> '\(Artefacts.schema)' ORDER BY 1, 2
            """, attempt: "look for what superusers may use")
        let named = try await session.rows(
            """
            SELECT r.rolname AS role, 'policy ' || i.identity AS object FROM pg_policy p JOIN pg_roles r ON r.oid = ANY (p.polroles),
                pg_identify_object('pg_policy'::regclass, p.oid, 0) i
            UNION ALL SELECT usename, 'user mapping on server ' || srvname FROM pg_user_mappings WHERE umuser <> 0 ORDER BY 1, 2
            """, attempt: "look for roles in policies and user mappings")
        func byRole(_ rows: Rows) -> [ExactName: [String]] {
            Dictionary(rows.map { (ExactName($0.text("role")), ["\($0.text("object")) in \(database)"]) }, uniquingKeysWith: +)
        }
        return RoleNeeds(ownedBySuperusers: byRole(owned), granted: byRole(granted), named: byRole(named))
    }
}

/// Roles of the target, as our role there sees them.
struct TargetRoles: Sendable, Hashable {
    var isSuperuser = false
    var all: Set<ExactName> = []
    /// Those it is a member of.
    var ours: Set<ExactName> = []

    static func read(_ session: PostgresConnection) async throws -> TargetRoles {
        let rows = try await session.rows(
            "SELECT rolname, pg_has_role(oid, 'MEMBER') AS ours, rolsuper AND rolname = current_user AS super FROM pg_roles",
            attempt: "list the roles")
        return TargetRoles(
            isSuperuser: rows.contains { $0.flag("super") }, all: Set(rows.map { ExactName($0.text("rolname")) }),
            ours: Set(rows.filter { $0.flag("ours") }.map { ExactName($0.text("rolname")) }))
    }
}
