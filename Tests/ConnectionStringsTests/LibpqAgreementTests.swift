import CPostgres
import ConnectionStrings
import Testing

/// What libpq reads, we read as libpq does.
@Suite("Agreement with libpq")
struct LibpqAgreementTests {
    private static let dialects: [Dialect] = [.url, .keywordValue]
    private static let rounds = 2_000

    /// As a connection would use it: absent and empty are the same.
    private struct Reading: Equatable, CustomStringConvertible {
        var hosts: [String]
        var ports: [Int?]
        var user, password, database: String

        var description: String {
            "\(hosts) \(ports) user \(user.debugDescription) password \(password.debugDescription) database \(database.debugDescription)"
        }
    }

    @Test("whatever is written from known parts", arguments: dialects)
    func generated(_ dialect: Dialect) throws {
        var generator = FixedSeedGenerator(state: 0x11B9)
        for _ in 0..<Self.rounds {
            let text = GeneratedText.text(dialect, &generator).text
            let ours = try #require(Self.ours(text), "\(text)")
            #expect(Self.libpq(text) == ours, "\(text)")
        }
    }

    @Test("what is rewritten leads libpq to the new place, with the new login", arguments: dialects)
    func rewritten(_ dialect: Dialect) throws {
        var generator = FixedSeedGenerator(state: 0x2E3A)
        for _ in 0..<Self.rounds {
            let text = GeneratedText.text(dialect, &generator).text
            let login = ConnectionString.Credentials(user: GeneratedText.word(1...6, &generator), password: GeneratedText.word(1...9, &generator))
            let database = GeneratedText.word(1...6, &generator)
            let new = try ConnectionString.parse(text).rewriting(endpoint: .init(host: "new", port: 6543), database: database, credentials: login)
            let wanted = Reading(hosts: ["new"], ports: [6543], user: login.user, password: login.password, database: database)
            #expect(Self.libpq(new) == wanted, "\(text) → \(new)")
        }
    }

    @Test("whatever both take of texts with something added, changed or taken away", arguments: dialects)
    func mutated(_ dialect: Dialect) {
        var generator = FixedSeedGenerator(state: 0xF022)
        var taken = 0
        for _ in 0..<(4 * Self.rounds) {
            var bytes = Array(GeneratedText.text(dialect, &generator).text.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) { Self.mutate(&bytes, &generator) }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let ours = Self.ours(text), let theirs = Self.libpq(text) else { continue }
            // A password with an @ that is not escaped: for libpq the first one ends it, and it would look for a host with an @ in its name; for Go,
            // SQLAlchemy and JavaScript the last one does, and so it does here.
            if theirs.hosts.contains(where: { $0.contains("@") }) || ours.password.contains("@") || ours.user.contains("@") { continue }
            taken += 1
            #expect(ours == theirs, "\(text)")
        }
        #expect(taken > Self.rounds / 4, "too few texts were taken by both to say much")
    }

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout FixedSeedGenerator) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        let other = "abz09 '\\\"@/:?#%&=+,;[]".utf8.randomElement(using: &generator) ?? 0
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = other
        case 1: bytes.insert(other, at: place)
        default: bytes.remove(at: place)
        }
    }

    private static func ours(_ text: String) -> Reading? {
        guard let read = try? ConnectionString.parse(text), dialects.contains(read.dialect) else { return nil }
        return Reading(
            hosts: read.hosts.map(\.name), ports: read.hosts.map(\.port), user: read.user ?? "", password: read.password ?? "",
            database: read.database ?? "")
    }

    /// White space around a URL and the drivers of SQLAlchemy are what libpq does not know.
    private static func libpq(_ text: String) -> Reading? {
        let trimmed = text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()
        let isURL = trimmed.starts(with: "postgres")
        guard let options = unsafe PQconninfoParse(isURL ? String(trimmed).replacing("postgresql+psycopg://", with: "postgresql://") : text, nil)
        else {
            return nil
        }
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        var next = unsafe options
        while let keyword = unsafe next.pointee.keyword {
            if let value = unsafe next.pointee.val { unsafe values[String(cString: keyword)] = String(cString: value) }
            unsafe next += 1
        }
        let hosts = (values["host"] ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        let written = (values["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        // One port is for all hosts.
        let ports = written.count == 1 ? Array(repeating: written[0], count: hosts.count) : written
        // Connecting would fail.
        guard ports.count == hosts.count else { return nil }
        return Reading(
            hosts: hosts, ports: ports, user: values["user"] ?? "", password: values["password"] ?? "", database: values["dbname"] ?? "")
    }
}
