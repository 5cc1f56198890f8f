/// A session that is kept from one piece of work to the next, as long as they need the same one and nothing fails. Ten thousand small tables then
/// cost a few logins.
struct KeptSession: Sendable {
    private var name: String?
    private var session: PostgresConnection?

    func isOpen(_ name: String) -> Bool { session != nil && self.name == name }

    /// The session called `name`; another one is closed for it.
    mutating func open(_ name: String, _ open: () async throws -> PostgresConnection) async throws -> PostgresConnection {
        if let session, self.name == name { return session }
        await close()
        let fresh = try await open()
        (self.name, session) = (name, fresh)
        return fresh
    }

    mutating func close() async {
        await session?.close()
        (name, session) = (nil, nil)
    }
}
