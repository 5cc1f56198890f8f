import Foundation
import KubernetesClient
import Testing

@Suite("items of a list while it arrives")
struct ListItemDecoderTests {
    private static let text = Data(
        #"{"apiVersion":"v1","other":[[1]],"items" : [{"a":"]}\"ü\\"}, {"items":[{"b":[2]}]}],"kind":"List","metadata":{"items":[3],"n":"items"}}"#
            .utf8)
    private static let items = [#"{"a":"]}\"ü\\"}"#, #"{"items":[{"b":[2]}]}"#]
    private static let list = #"{"apiVersion":"v1","other":[[1]],"items" : [],"kind":"List","metadata":{"items":[3],"n":"items"}}"#

    private func read(_ pieces: [Data]) -> (items: [String], list: String) {
        var decoder = ListItemDecoder()
        let items = pieces.flatMap { decoder.feed($0) ?? [] }
        return (items.map { String(decoding: $0, as: UTF8.self) }, String(decoding: decoder.list, as: UTF8.self))
    }

    @Test("every split into three pieces gives the same items and the same list without them")
    func splits() {
        let text = Self.text
        for first in 0...text.count {
            for second in first...text.count {
                let (items, list) = read([text[..<first], text[first..<second], text[second...]])
                if items != Self.items || list != Self.list { Issue.record("split at \(first) and \(second) gave \(items) and \(list)") }
            }
        }
    }

    @Test("byte by byte")
    func bytes() {
        let (items, list) = read(Self.text.map { Data([$0]) })
        #expect(items == Self.items)
        #expect(list == Self.list)
    }

    @Test("no items, and none said")
    func none() {
        #expect(read([Data(#"{"items":[],"metadata":{}}"#.utf8)]) == ([], #"{"items":[],"metadata":{}}"#))
        #expect(read([Data(#"{"items":null}"#.utf8)]) == ([], #"{"items":null}"#))
    }

    @Test("neither an item without an end nor what is no list fills the memory", arguments: [#"{"items":[{"a":""#, #"{"a":""#])
    func endless(beginning: String) {
        var decoder = ListItemDecoder()
        #expect(decoder.feed(Data(beginning.utf8)) == [])
        let piece = Data(repeating: 0x61, count: 1 << 20)
        #expect((0..<15).allSatisfy { _ in decoder.feed(piece) == [] })
        #expect(decoder.feed(piece) == nil)
    }
}
