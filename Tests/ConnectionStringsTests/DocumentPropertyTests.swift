import Testing

@testable import ConnectionStrings

@Suite("Properties over generated documents")
struct DocumentPropertyTests {
    private static let formats: [ConnectionDocument.Format] = [.json, .yaml, .toml, .environment]

    /// A document with these values, and things between them that have to stay.
    private static func document(_ format: ConnectionDocument.Format, _ values: [String]) -> String {
        let numbered = values.enumerated()
        return switch format {
        case .json: "{\n  \"pool\": 5" + numbered.map { ",\n  \"url\($0)\" : \"\($1)\"" }.joined() + "\n}\n"
        case .yaml: "# all\napp:\n" + numbered.map { "  url\($0):   \"\($1)\"  # one\n" }.joined() + "pool: 5\n"
        case .toml: "[app]\n" + numbered.map { "url\($0) = \"\($1)\" # one\n" }.joined() + "pool = 5\n"
        default: "DEBUG=1\r\n" + numbered.map { "export URL\($0)=\"\($1)\"\r\n" }.joined() + "POOL=5"
        }
    }

    private static func values(_ generator: inout FixedSeedGenerator) -> [String] {
        (0..<Int.random(in: 1...3, using: &generator)).map { _ in
            String(GeneratedText.url(&generator).text.unicodeScalars.filter { !$0.properties.isWhitespace }.map(Character.init))
        }
    }

    @Test("rewriting a document is rewriting each of its strings, and nothing between them", arguments: formats)
    func rewriting(format: ConnectionDocument.Format) throws {
        var generator = FixedSeedGenerator(state: 20_261_130)
        for _ in 0..<400 {
            let values = Self.values(&generator)
            let document = try ConnectionDocument.parse(Self.document(format, values))
            try #require(document.format == format && document.entries.count == values.count, "\(document.text)")
            let endpoint = PropertyTests.endpoints.randomElement(using: &generator) ?? PropertyTests.endpoints[0]
            let turned = try values.map { try ConnectionString.parse($0).rewriting(endpoint: endpoint) }
            let rewritten = try document.rewriting { _ in .init(endpoint: endpoint) }
            try #require(rewritten.utf8.elementsEqual(Self.document(format, turned).utf8), "\(document.text)")
            try #require(try document.rewriting { _ in nil }.utf8.elementsEqual(document.text.utf8))
        }
    }

    @Test("damaged documents are read or refused, a refusal shows nothing of them, and what is left alone stays", arguments: formats)
    func damaged(format: ConnectionDocument.Format) throws {
        var generator = FixedSeedGenerator(state: 45)
        let secret = "hunter2hunter2"
        for _ in 0..<600 {
            var bytes = Array(Self.document(format, Self.values(&generator) + ["postgres://u:\(secret)@old/d"]).utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                if Bool.random(using: &generator) {
                    bytes.remove(at: index)
                } else {
                    bytes.insert(UInt8.random(in: 0...255, using: &generator), at: index)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            do throws(ConnectionStringError) {
                let document = try ConnectionDocument.parse(text)
                guard let same = try? document.rewriting({ _ in nil }) else { continue }
                #expect(same.utf8.elementsEqual(text.utf8))
            } catch {
                #expect(!"\(error)".contains(secret))
            }
        }
    }
}
