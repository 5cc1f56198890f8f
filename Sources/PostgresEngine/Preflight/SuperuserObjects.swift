import MigrationCore

/// An object that only a superuser can make.
struct SuperuserObject: Sendable, Hashable {
    /// E.g. `event trigger`.
    var kind: String
    /// As SQL names it.
    var identity: String
    var database: String

    static let eventTrigger = "event trigger"
}

/// What in one database of the source only a superuser could make again. What comes with an extension is its own business.
struct SuperuserObjects: Sendable {
    let session: PostgresConnection

    func read() async throws -> [SuperuserObject] {
        try await session.rows(
            """
            SELECT DISTINCT o.kind, i.identity FROM (\(Self.candidates.map(\.query).joined(separator: " UNION ALL "))) o,
                pg_identify_object(o.class, o.oid, 0) i
            WHERE o.oid >= 16384 AND i.schema IS DISTINCT FROM '\(Artefacts.schema)' AND NOT EXISTS (
                SELECT 1 FROM pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i')) ORDER BY 1, 2
            """, attempt: "look for what only superusers make"
        ).map { SuperuserObject(kind: $0.text("kind"), identity: $0.text("identity"), database: session.options.database) }
    }

    private struct Candidate: Sendable {
        var catalog: String
        var kind: String
        /// Of the catalogue's row `c`.
        var condition = "true"

        var query: String {
            "SELECT 'pg_catalog.\(catalog)'::regclass AS class, c.oid, \(kind) AS kind FROM pg_catalog.\(catalog) c WHERE \(condition)"
        }
    }

    private static let candidates = [
        Candidate(catalog: "pg_event_trigger", kind: "'\(SuperuserObject.eventTrigger)'"),
        Candidate(
            catalog: "pg_proc", kind: "'function in untrusted language ' || (SELECT lanname FROM pg_language l WHERE l.oid = c.prolang)",
            condition: "c.prokind <> 'a' AND EXISTS (SELECT 1 FROM pg_language l WHERE l.oid = c.prolang AND NOT l.lanpltrusted)"),
        Candidate(catalog: "pg_proc", kind: "'leakproof function'", condition: "c.proleakproof"),
        Candidate(catalog: "pg_proc", kind: "'function with a support function'", condition: "c.prosupport <> 0"),
        Candidate(
            catalog: "pg_proc", kind: "'aggregate with internal state'",
            condition: "EXISTS (SELECT 1 FROM pg_aggregate a WHERE a.aggfnoid = c.oid AND 'internal'::regtype IN (a.aggtranstype, a.aggmtranstype))"),
        Candidate(
            catalog: "pg_type", kind: "'base type'", condition: "c.typtype = 'b' AND NOT EXISTS (SELECT 1 FROM pg_type e WHERE e.typarray = c.oid)"),
        Candidate(
            catalog: "pg_cast", kind: "'cast'",
            condition: """
                c.castmethod = 'b' OR NOT EXISTS (SELECT 1 FROM pg_type t JOIN pg_roles r ON r.oid = t.typowner
                    WHERE t.oid IN (c.castsource, c.casttarget) AND NOT r.rolsuper)
                """),
        Candidate(catalog: "pg_opclass", kind: "'operator class'"),
        Candidate(
            catalog: "pg_opfamily", kind: "'operator family'",
            condition: "NOT EXISTS (SELECT 1 FROM pg_opclass k WHERE k.opcfamily = c.oid)"),
        Candidate(catalog: "pg_ts_parser", kind: "'text search parser'"), Candidate(catalog: "pg_ts_template", kind: "'text search template'"),
        Candidate(catalog: "pg_foreign_data_wrapper", kind: "'foreign-data wrapper'"), Candidate(catalog: "pg_language", kind: "'language'"),
        Candidate(catalog: "pg_am", kind: "'access method'"),
    ]
}

/// Whether the target lets our role make event triggers: some providers let their administrators. Tried, and always rolled back.
enum EventTriggerProbe {
    static func isAllowed(_ session: PostgresConnection) async -> Bool {
        let name = Artefacts.schema + "_probe"
        do {
            try await session.execute(
                """
                BEGIN; CREATE FUNCTION pg_temp.\(name)() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
                CREATE EVENT TRIGGER \(name) ON sql_drop EXECUTE FUNCTION pg_temp.\(name)()
                """, attempt: "try to create an event trigger")
            try await session.execute("ROLLBACK")
            return true
        } catch {
            _ = try? await session.execute("ROLLBACK")
            return false
        }
    }
}

/// Whether the target lets our role create an extension that PostgreSQL keeps to superusers, as providers' own hooks do. Tried, and always rolled back.
enum ExtensionProbe {
    static func isAllowed(_ name: String, _ session: PostgresConnection) async -> Bool {
        do {
            try await session.execute("BEGIN; CREATE EXTENSION IF NOT EXISTS \(SQL.identifier(name)) CASCADE", attempt: "try to create an extension")
            try await session.execute("ROLLBACK")
            return true
        } catch {
            _ = try? await session.execute("ROLLBACK")
            return (error as? PostgresError)?.sqlState != "42501"
        }
    }
}
