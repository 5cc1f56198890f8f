public import FoundationEssentials

/// Takes the items out of a list while it arrives, so that a long one is never held as a whole.
///
/// It follows strings and brackets and nothing else: whatever reads the pieces finds what is no JSON.
public struct ListItemDecoder: Sendable {
    /// No object comes near this: etcd takes 1.5 MiB.
    static let limit = 16 << 20

    /// The list as far as it has arrived, with an empty array in the place of its items.
    public private(set) var list = Data()
    private var item = Data()
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var isInItems = false

    public init() {}

    /// - Returns: the items completed by this piece. `nil`: an item, or all else together, has more than 16 MiB.
    public mutating func feed(_ chunk: Data) -> [Data]? {
        var items: [Data] = []
        // What lies between here and the present byte belongs to one of the two, and has not been added yet.
        var start = chunk.startIndex
        unsafe chunk.withUnsafeBytes { bytes in
            for offset in bytes.indices {
                let byte = unsafe bytes[offset]
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else {
                        isInString = byte != Self.quote
                    }
                    continue
                }
                let index = chunk.startIndex + offset
                switch byte {
                case Self.quote: isInString = true
                case UInt8(ascii: "{"), UInt8(ascii: "["):
                    depth += 1
                    if isInItems, depth == 3 {
                        start = index
                    } else if depth == 2, byte == UInt8(ascii: "["), Self.endsWithItems(list + chunk[start..<index]) {
                        list.append(chunk[start...index])
                        isInItems = true
                    }
                case UInt8(ascii: "}"), UInt8(ascii: "]"):
                    depth -= 1
                    if isInItems, depth == 2 {
                        item.append(chunk[start...index])
                        items.append(item)
                        item = Data()
                    } else if isInItems, depth == 1 {
                        isInItems = false
                        start = index
                    }
                default: break
                }
            }
        }
        if !isInItems { list.append(chunk[start...]) } else if depth > 2 { item.append(chunk[start...]) }
        return max(list.count, item.count) <= Self.limit ? items : nil
    }

    private static let quote = UInt8(ascii: "\"")
    private static let key = Array(#""items""#.utf8)

    /// Whether the value that follows is the member `items` of the list.
    private static func endsWithItems(_ text: Data) -> Bool {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0a || $0 == 0x0d || $0 == 0x09 }
        var rest = text[...]
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        guard rest.popLast() == UInt8(ascii: ":") else { return false }
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return rest.suffix(key.count).elementsEqual(key)
    }
}
