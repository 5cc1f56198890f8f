import MigrationPorts

/// Whatever lanes of a migration, of either direction, left on one server. The other server is not asked, since it may be gone.
struct LaneRemains: Sendable {
    let access: ServerAccess
    let uid: String

    private var pattern: String { LaneName.pattern(uid: uid) }

    /// Databases with a slot or subscription of ours, whatever plan they belong to.
    func databases(_ maintenance: PostgresConnection) async throws -> [String] {
        var found = "SELECT database::text AS name FROM pg_replication_slots WHERE slot_name::text ~ \(SQL.literal(pattern)) AND database IS NOT NULL"
        if try await LaneSubscriber.isReadable(maintenance) {
            found +=
                " UNION SELECT d.datname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE s.subname::text ~ \(SQL.literal(pattern))"
        }
        return try await maintenance.rows(found + " ORDER BY 1", attempt: "look for lanes").compactMap { $0[0] }
    }

    func arePresent(_ session: PostgresConnection) async throws -> Bool {
        if try await !LanePublisher(session: session).names(pattern).isEmpty { return true }
        return try await !LaneSubscriber(session: session).names(pattern).isEmpty
    }

    /// Subscriptions, then slots, then publications of one database.
    ///
    /// - Parameter check: Proves the right to do so, after the sessions were opened.
    func remove(_ database: String, check: @Sendable () async throws -> Void) async throws {
        let sessions = Sessions(access, uid: uid, suffix: OwnSessions.Kind.lane.rawValue)
        try await sessions.with(database: database) { session in
            try await LaneEnds.endOthers(session, uid: uid)
            if try await !LaneSubscriber(session: session).names(pattern).isEmpty { try await removeSubscriptions(database, session, check) }
            try await check()
            let publisher = LanePublisher(session: session)
            for name in try await publisher.names(pattern) { try await publisher.drop(name) }
        }
    }

    private func removeSubscriptions(_ database: String, _ own: PostgresConnection, _ check: @Sendable () async throws -> Void) async throws {
        func drop(_ session: PostgresConnection) async throws {
            try await check()
            let subscriber = LaneSubscriber(session: session)
            for name in try await subscriber.names(pattern) { try await subscriber.drop(name) }
        }
        guard let login = access.creatingSubscriptions else { return try await drop(own) }
        try await Sessions(login, uid: uid, suffix: OwnSessions.Kind.lane.rawValue).with(database: database) { session in
            try await LaneEnds.endOthers(session, uid: uid)
            try await drop(session)
        }
    }
}
