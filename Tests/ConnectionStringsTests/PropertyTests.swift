import Testing

@testable import ConnectionStrings

@Suite("Properties over generated connection strings")
struct PropertyTests {
    static let endpoints = [
        ConnectionString.Endpoint(host: "new.example"), ConnectionString.Endpoint(host: "new.example", port: 6432),
        ConnectionString.Endpoint(host: "2001:db8::2", port: 1),
    ]

    static let generated: [Dialect] = [.url, .keywordValue, .jdbc, .adoNet, .redisURL, .redisNodes]

    @Test("What was written is read, and rewriting touches nothing else", arguments: generated)
    func properties(_ dialect: Dialect) throws {
        var generator = FixedSeedGenerator(state: 20_240_229)
        var ambiguous = 0
        for _ in 0..<1_000 {
            let made = GeneratedText.text(dialect, &generator)
            guard let parsed = try Self.unambiguous(made.text, dialect.system) else {
                ambiguous += 1
                continue
            }
            try #require(parsed.dialect == dialect)
            try #require(
                isSame(parsed.user, made.user) && isSame(parsed.password, made.password) && isSame(parsed.database, made.database), "\(made.text)")
            if made.password.utf8.count > 8 { try #require(!parsed.description.contains(made.password)) }
            for endpoint in Self.endpoints { try check(parsed, endpoint) }
            try checkWayBack(parsed)
            if dialect != .redisNodes { try checkCredentials(parsed, &generator) }
        }
        #expect(ambiguous < 10)
    }

    private static func unambiguous(_ text: String, _ system: DatabaseSystem) throws -> ConnectionString? {
        do throws(ConnectionStringError) {
            return try ConnectionString.parse(text, for: system)
        } catch {
            if case .ambiguous = error { return nil }
            throw error
        }
    }

    private func check(_ parsed: ConnectionString, _ endpoint: ConnectionString.Endpoint) throws {
        let rewritten = try parsed.rewriting(endpoint: endpoint)
        let again = try ConnectionString.parse(rewritten, for: parsed.dialect.system)
        try #require(again.hosts.count == 1 && again.pointsAt(endpoint.host, endpoint.port), "\(parsed.text)")
        try #require(again.user == parsed.user && again.password == parsed.password && again.database == parsed.database)
        try #require(again.parameters == parsed.parameters)
        try #require(bytes(try again.rewriting(endpoint: endpoint)) == bytes(rewritten))

        // Walk both texts: between the edits they agree byte for byte, and the edits cover nothing but hosts and ports.
        let edits = parsed.form.edits(for: Rewrite(endpoint: endpoint))
        let (before, after) = (bytes(parsed.text), bytes(rewritten))
        var (old, new) = (0, 0)
        for edit in edits {
            let kept = edit.range.lowerBound - old
            try #require(before[old..<edit.range.lowerBound].elementsEqual(after[new..<new + kept]))
            old = edit.range.upperBound
            new += kept + edit.replacement.utf8.count
        }
        try #require(before[old...].elementsEqual(after[new...]))
        for component in parsed.components where component.kind != .host && component.kind != .port {
            try #require(!edits.contains { $0.range.overlaps(component.range) })
        }
    }

    /// There and back again gives the bytes of the original, where one host stands with its port, or goes without one all the way.
    private func checkWayBack(_ parsed: ConnectionString) throws {
        let written = parsed.components.filter { $0.kind == .host }
        guard written.count == 1, parsed.hosts.count == 1, let host = parsed.hosts.first else { return }
        let home = ConnectionString.Endpoint(host: host.name, port: host.port ?? parsed.form.defaultPort)
        let away = ConnectionString.Endpoint(host: "new.example", port: host.port == nil ? home.port : 6432)
        let there = try ConnectionString.parse(parsed.rewriting(endpoint: away), for: parsed.dialect.system)
        try #require(bytes(there.rewriting(endpoint: home)) == bytes(parsed.text), "\(parsed.text)")
        try #require(bytes(parsed.rewriting(endpoint: home)) == bytes(parsed.text), "\(parsed.text)")
    }

    @Test("Random bytes and damaged strings are read or refused, and another host changes nothing but the host", arguments: generated)
    func damaged(_ dialect: Dialect) throws {
        var generator = FixedSeedGenerator(state: 31)
        for round in 0..<1_500 {
            var text = round % 5 == 0 ? [] : bytes(GeneratedText.text(dialect, &generator).text)
            for _ in 0..<Int.random(in: round % 5 == 0 ? 0...40 : 1...4, using: &generator) {
                let index = Int.random(in: 0...text.count, using: &generator)
                if Bool.random(using: &generator), index < text.count {
                    text.remove(at: index)
                } else {
                    text.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                }
            }
            let damaged = String(decoding: text, as: UTF8.self)
            guard let parsed = try? ConnectionString.parse(damaged, for: dialect.system) else { continue }
            // What is refused here was found by reading it back.
            guard (try? parsed.rewriting(endpoint: Self.endpoints[0])) != nil else { continue }
            try check(parsed, Self.endpoints[0])
        }
    }

    private func checkCredentials(_ parsed: ConnectionString, _ generator: inout FixedSeedGenerator) throws {
        let login = ConnectionString.Credentials(user: GeneratedText.word(1...6, &generator), password: GeneratedText.word(1...12, &generator))
        let database = parsed.dialect == .redisURL ? "4" : GeneratedText.word(1...6, &generator)
        let again = try ConnectionString.parse(
            try parsed.rewriting(endpoint: Self.endpoints[0], database: database, credentials: login), for: parsed.dialect.system)
        try #require(isSame(again.user, login.user) && isSame(again.password, login.password) && isSame(again.database, database), "\(parsed.text)")
        try #require(again.parameters == parsed.parameters)
    }

    @Test("Any text is read or refused, and a refusal shows nothing of it")
    func noise() {
        var generator = FixedSeedGenerator(state: 7)
        let prefixes = [
            "", "postgres://", "postgresql://u:p@", "host=h password=", "host=", "user='x' ", "jdbc:postgresql://h/d?password=", "jdbc:postgresql://",
            "Host=h;Password=", "Host=h;Password='", "Server=", "redis://:", "redis://", "h:1,password=", "{\"HOST\":\"",
        ]
        for _ in 0..<10_000 {
            let secret = "hunter2" + GeneratedText.word(0...12, &generator)
            do throws(ConnectionStringError) {
                let system: DatabaseSystem = Bool.random(using: &generator) ? .postgreSQL : .redis
                let parsed = try ConnectionString.parse((prefixes.randomElement(using: &generator) ?? "") + secret, for: system)
                #expect(try parsed.rewriting(endpoint: Self.endpoints[1]) != "")
            } catch {
                #expect(!error.description.contains("hunter2"))
            }
        }
    }

    /// String equality would let canonically equivalent but different bytes pass.
    private func isSame(_ left: String?, _ right: String) -> Bool { left.map(bytes) == bytes(right) }
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
}
