/// Shows that the fence of one source database holds: a write of no row, as any client would make it, has to be refused.
struct FenceProof: Sendable {
    let session: PostgresConnection

    /// Of what the block raises when nothing refused the write.
    private static let unfenced = "DBM02"

    /// Everything in one round trip, because a write pause waits for it. A table made between the installation of the guard and now gets one first;
    /// nobody is there any more to wait for.
    ///
    /// - Parameter uid: Whose mark ends the log, in Live mode.
    /// - Returns: whether there was a table to write to.
    /// - Throws: ``FenceFailure`` when the write was taken.
    func run(marks uid: String?) async throws -> Bool {
        let statements = [Guard.unguarded, Self.attempt, Self.answer] + (uid.map { [FencePosition.marking(uid: $0)] } ?? [])
        for _ in 1...2 {
            let answers: [Rows]
            do {
                answers = try await session.execute(statements.joined(separator: ";\n"), attempt: "prove the fence of \(session.options.database)")
            } catch let error as PostgresError where error.sqlState == Self.unfenced {
                throw FenceFailure(server: session.server, what: error.message, remedy: "look at its trigger \(Artefacts.trigger)")
            }
            if answers.first?.isEmpty != false { return answers[2].first?.flag("tried") == true }
            try await Guard(session: session).install()
        }
        throw FenceFailure(
            server: session.server, what: "\(session.options.database) gets new tables behind its fence",
            remedy: "end who makes them (see pg_stat_activity)")
    }

    private static let attempt =
        "DO "
        + SQL.literal(
            """
            DECLARE item record; tried boolean := false; BEGIN
            FOR item IN SELECT n.nspname, c.relname \(UserObjects.tables) AND NOT c.relhasrules AND \(Guard.hasTrigger) ORDER BY c.oid LIMIT 1 LOOP
                tried := true;
                BEGIN
                    EXECUTE format('DELETE FROM ONLY %I.%I WHERE false', item.nspname, item.relname);
                    RAISE EXCEPTION USING ERRCODE = '\(unfenced)', MESSAGE = format('%I.%I still took a write', item.nspname, item.relname);
                EXCEPTION WHEN read_only_sql_transaction THEN NULL;
                END;
            END LOOP;
            PERFORM set_config('_dbmigration.tried', tried::text, false);
            END
            """)

    private static let answer = "SELECT current_setting('_dbmigration.tried')::boolean AS tried"
}
