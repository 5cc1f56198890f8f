/// The privileges of a dumped database. `pg_dump` writes what somebody granted who had it with the right to pass it on as done in his session, which
/// only a superuser may open; a member of his role can speak for him too.
struct Privileges: Sendable {
    /// Statements, as `pg_restore` prints them.
    let dumped: String

    private static let (begins, ends) = ("SET SESSION AUTHORIZATION ", "RESET SESSION AUTHORIZATION;")

    /// Roles that granted something which was not theirs; quoted.
    var grantors: [String] {
        var found: [String] = []
        for line in dumped.split(separator: "\n") {
            guard let grantor = Self.grantor(line), !found.contains(where: { ExactName($0) == ExactName(grantor) }) else { continue }
            found.append(grantor)
        }
        return found
    }

    /// The same, done by a member of the roles it names.
    var sql: String {
        let lines = dumped.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            if let grantor = Self.grantor(line) { return "SET LOCAL ROLE \(grantor);" }
            return line == Self.ends ? "RESET ROLE;" : String(line)
        }
        return lines.joined(separator: "\n")
    }

    private static func grantor(_ line: Substring) -> String? {
        guard line.hasPrefix(begins), line.hasSuffix(";") else { return nil }
        let role = line.dropFirst(begins.count).dropLast()
        return role == "DEFAULT" ? nil : String(role)
    }

    /// Grants within a transaction of `session`. Who grants must have us as a member at that moment: lent until the transaction ends.
    func apply(in session: PostgresConnection) async throws {
        var lent: [String] = []
        for grantor in grantors where try await !session.mayBecome(grantor) {
            try await session.execute("GRANT \(grantor) TO CURRENT_USER", attempt: "speak for \(grantor), who granted privileges")
            lent.append(grantor)
        }
        try await session.execute(sql, attempt: "grant the privileges of \(session.options.database)")
        for grantor in lent { try await session.execute("REVOKE \(grantor) FROM CURRENT_USER", attempt: "be no member of \(grantor) again") }
    }
}

extension PostgresConnection {
    /// Whether this session may `SET ROLE`; not to a role that is not there. Since 16 being a member does not suffice for it.
    ///
    /// - Parameter role: quoted as in SQL.
    func mayBecome(_ role: String) async throws -> Bool {
        let right = try await serverMajor() >= 16 ? "SET" : "MEMBER"
        return try await rows("SELECT pg_has_role(to_regrole(\(SQL.literal(role))), '\(right)')", attempt: "ask for membership of \(role)").first?[0]
            == "t"
    }
}
