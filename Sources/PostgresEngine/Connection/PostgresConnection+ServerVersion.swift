extension PostgresConnection {
    /// The server's `server_version_num`, e.g. 150018.
    func serverVersion() async throws -> Int { Int(try await rows("SHOW server_version_num", attempt: "read the version").first?[0] ?? "") ?? 0 }

    /// The server's major version, e.g. 15.
    func serverMajor() async throws -> Int { try await serverVersion() / 10_000 }
}
