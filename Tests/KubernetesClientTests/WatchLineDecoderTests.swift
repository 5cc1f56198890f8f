import Foundation
import KubernetesClient
import Testing

@Suite("watch lines")
struct WatchLineDecoderTests {
    private static let text = Data("{\"a\":1}\n\n{\"b\":\"ü\"}\r\n{\"c\":3}\nrest".utf8)
    private static let lines = ["{\"a\":1}", "{\"b\":\"ü\"}", "{\"c\":3}"].map { Data($0.utf8) }

    @Test("every split into three pieces gives the same lines")
    func splits() {
        let text = Self.text
        for first in 0...text.count {
            for second in first...text.count {
                var decoder = WatchLineDecoder()
                let lines = [text[..<first], text[first..<second], text[second...]].flatMap { decoder.feed($0) ?? [] }
                if lines != Self.lines { Issue.record("split at \(first) and \(second) gave \(lines.count) lines") }
            }
        }
    }

    @Test("byte by byte")
    func bytes() {
        var decoder = WatchLineDecoder()
        #expect(Self.text.flatMap { decoder.feed(Data([$0])) ?? [] } == Self.lines)
    }

    @Test("a line without an end does not fill the memory")
    func endless() {
        var decoder = WatchLineDecoder()
        let piece = Data(repeating: 0x61, count: 1 << 20)
        #expect((0..<16).allSatisfy { _ in decoder.feed(piece) == [] })
        #expect(decoder.feed(piece) == nil)
    }
}
