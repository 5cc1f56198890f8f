import ConnectionStrings

/// SplitMix64: the same texts on every run.
struct FixedSeedGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A connection string written from known parts.
struct GeneratedText {
    var text = ""
    var user = ""
    var password = ""
    var database = ""

    private static let hosts = ["db", "DB.Example.com", "10.0.0.7", "::1", "2001:db8::17", "a_b-c"]
    private static let alphabet = Array("abz019 '\\\\\"@/:?#%&=+,;[]{}$ \t\nüß漢🐘e\u{301}")
    private static let spaces = ["", " ", "\n", "\t ", "\r\n"]

    static func word(_ length: ClosedRange<Int>, _ generator: inout FixedSeedGenerator) -> String {
        String((0..<Int.random(in: length, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) })
    }

    /// Escapes every byte that is not a letter or digit, and now and then one that is.
    private static func percent(_ text: String, _ generator: inout FixedSeedGenerator) -> String {
        var result = ""
        for byte in text.utf8 {
            let plain = (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
            let hex = String(byte, radix: 16, uppercase: Bool.random(using: &generator))
            result +=
                plain && Int.random(in: 0..<8, using: &generator) > 0
                ? String(Unicode.Scalar(byte)) : "%" + (hex.utf8.count == 1 ? "0" + hex : hex)
        }
        return result
    }

    static func url(_ generator: inout FixedSeedGenerator) -> GeneratedText {
        var made = GeneratedText(user: word(1...6, &generator), password: word(1...12, &generator), database: word(1...6, &generator))
        let scheme = ["postgres", "postgresql", "postgresql+psycopg"].randomElement(using: &generator) ?? ""
        let places = (0..<Int.random(in: 1...3, using: &generator)).map { _ in place(&generator) }
        let login = "\(percent(made.user, &generator)):\(percent(made.password, &generator))@"
        let tail = Bool.random(using: &generator) ? "?sslmode=require&application_name=\(percent(word(0...5, &generator), &generator))" : ""
        let inQuery = Int.random(in: 0..<4, using: &generator) == 0
        let authority = inQuery ? "" : places.joined(separator: ",")
        let query = inQuery ? (tail.isEmpty ? "?" : tail + "&") + "host=\(hosts.randomElement(using: &generator) ?? "")" : tail
        made.text =
            (spaces.randomElement(using: &generator) ?? "") + "\(scheme)://\(login)\(authority)/\(percent(made.database, &generator))\(query)"
            + (spaces.randomElement(using: &generator) ?? "")
        return made
    }

    static func keywordValue(_ generator: inout FixedSeedGenerator) -> GeneratedText {
        var made = GeneratedText(user: word(1...6, &generator), password: word(1...12, &generator), database: word(1...6, &generator))
        var pairs = [
            ("host", hosts.randomElement(using: &generator) ?? ""), ("user", made.user), ("password", made.password), ("dbname", made.database),
            ("application_name", word(0...6, &generator)),
        ]
        if Bool.random(using: &generator) { pairs.append(("port", String(Int.random(in: 1...65535, using: &generator)))) }
        if Bool.random(using: &generator) { pairs.append(("host", "duplicate.example")) }
        pairs.shuffle(using: &generator)
        var separated = spaces.randomElement(using: &generator) ?? ""
        for (keyword, value) in pairs {
            let equals = ["=", " = ", "= ", "\t="].randomElement(using: &generator) ?? "="
            let quotes = value.isEmpty || Bool.random(using: &generator)
            separated += keyword + equals + (quotes ? "'" : "")
            for character in value.unicodeScalars {
                let special = character == "'" || character == "\\" || (!quotes && character.properties.isWhitespace)
                separated += (special ? "\\" : "") + String(character)
            }
            separated += quotes ? (Bool.random(using: &generator) ? "'" : "' ") : [" ", "\n", "  "].randomElement(using: &generator) ?? " "
        }
        made.text = separated
        return made
    }

    static func text(_ dialect: Dialect, _ generator: inout FixedSeedGenerator) -> GeneratedText {
        switch dialect {
        case .jdbc: jdbc(&generator)
        case .adoNet: adoNet(&generator)
        case .redisURL: redisURL(&generator)
        case .redisNodes: redisNodes(&generator)
        case .keywordValue: keywordValue(&generator)
        default: url(&generator)
        }
    }

    static func jdbc(_ generator: inout FixedSeedGenerator) -> GeneratedText {
        var made = GeneratedText(user: word(1...6, &generator), password: word(1...12, &generator), database: word(1...6, &generator))
        let places = (0..<Int.random(in: 1...3, using: &generator)).map { _ in place(&generator) }
        var parameters = ["user=\(percent(made.user, &generator))", "password=\(percent(made.password, &generator))", "sslmode=require", "ssl"]
        parameters.shuffle(using: &generator)
        let scheme = ["jdbc:postgresql", "JDBC:PostgreSQL", "jdbc:otel:postgresql"].randomElement(using: &generator) ?? ""
        made.text = "\(scheme)://\(places.joined(separator: ","))/\(percent(made.database, &generator))?\(parameters.joined(separator: "&"))"
        made.text += spaces.randomElement(using: &generator) ?? ""
        return made
    }

    static func adoNet(_ generator: inout FixedSeedGenerator) -> GeneratedText {
        var made = GeneratedText(user: word(1...6, &generator), password: word(1...12, &generator), database: word(1...6, &generator))
        func pick(_ names: [String]) -> String { names.randomElement(using: &generator) ?? "" }
        var pairs = [
            (pick(["Host", "SERVER", "Data Source", "host"]), hosts.randomElement(using: &generator) ?? ""),
            (pick(["Username", "User ID", "UserId", "uid"]), made.user), (pick(["Password", "PWD"]), made.password),
            (pick(["Database", "Initial Catalog", "db"]), made.database), ("Application Name", word(1...6, &generator)),
        ]
        if Bool.random(using: &generator) { pairs.append(("Port", String(Int.random(in: 1...65535, using: &generator)))) }
        pairs.shuffle(using: &generator)
        made.text =
            pairs.map { name, value in
                let mark = Bool.random(using: &generator) ? "'" : "\""
                let plain = value.utf8.allSatisfy { (0x30...0x3A).contains($0) || (0x61...0x7A).contains($0) } && Bool.random(using: &generator)
                let doubled = String(decoding: value.utf8.flatMap { $0 == mark.utf8.first ? [$0, $0] : [$0] }, as: UTF8.self)
                return name + pick(["=", " = "]) + (plain ? value : mark + doubled + mark) + pick(["", " "])
            }.joined(separator: pick([";", "; ", ";;"])) + pick(["", ";", "; \n"])
        return made
    }

    static func redisURL(_ generator: inout FixedSeedGenerator) -> GeneratedText {
        var made = GeneratedText(user: word(1...6, &generator), password: word(1...12, &generator), database: "3")
        let scheme = ["redis", "rediss", "redis-cluster"].randomElement(using: &generator) ?? ""
        let places = (0..<Int.random(in: 1...3, using: &generator)).map { _ in place(&generator) }
        made.text = "\(scheme)://\(percent(made.user, &generator)):\(percent(made.password, &generator))@\(places.joined(separator: ","))/3?a=b"
        return made
    }

    static func redisNodes(_ generator: inout FixedSeedGenerator) -> GeneratedText {
        let plain = { (text: String) in String(text.unicodeScalars.filter { $0 != "," && !$0.properties.isWhitespace }.map(Character.init)) + "x" }
        var made = GeneratedText(user: plain(word(1...6, &generator)), password: plain(word(1...12, &generator)), database: "3")
        let places = (0..<Int.random(in: 1...3, using: &generator)).map { _ in place(&generator) }
        var options = ["user=\(made.user)", "password=\(made.password)", "ssl=True", "defaultDatabase=3", "abortConnect=False"]
        options.shuffle(using: &generator)
        made.text = (places + options).joined(separator: ",")
        return made
    }

    private static func place(_ generator: inout FixedSeedGenerator) -> String {
        let host = hosts.randomElement(using: &generator) ?? ""
        let port = Bool.random(using: &generator) ? ":\(Int.random(in: 1...65535, using: &generator))" : ""
        return (host.contains(":") ? "[\(host)]" : host) + port
    }
}
