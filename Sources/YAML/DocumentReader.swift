import StructuredData

/// Builds documents from events.
struct DocumentReader {
    /// A small text may alias its way to an enormous document ("billion laughs"); no file of ours comes near this.
    private static let maximumExpansion = 100_000
    private static let maximumDepth = 200

    private let parser: EventParser
    private var anchors: [String: (value: JSONValue, size: Int)] = [:]
    private var expanded = 0

    init(_ text: String) throws(YAMLError) { parser = try EventParser(text) }

    mutating func documents() throws(YAMLError) -> [JSONValue] {
        var documents: [JSONValue] = []
        while true {
            let event = try parser.next()
            switch event.content {
            case .streamEnd: return documents
            case .documentStart:
                anchors = [:]
                let value = try node(parser.next(), depth: 0).value
                if value != .null { documents.append(value) }
            default: continue
            }
        }
    }

    private mutating func node(_ event: ParsedEvent, depth: Int) throws(YAMLError) -> (value: JSONValue, size: Int) {
        guard depth < Self.maximumDepth else { throw event.error("nested deeper than \(Self.maximumDepth) levels") }
        let (node, anchor): ((value: JSONValue, size: Int), String?)
        switch event.content {
        case .alias(let name):
            guard let known = anchors[name] else { throw event.error("alias to an unknown anchor '\(name)'") }
            expanded += known.size
            guard expanded <= Self.maximumExpansion else { throw event.error("aliases expand to more than \(Self.maximumExpansion) nodes") }
            return known
        case .scalar(let text, let tag, let isPlain, let name):
            (node, anchor) = ((try scalar(text, tag: tag, isPlain: isPlain, event), 1), name)
        case .sequenceStart(let name):
            (node, anchor) = (try sequence(depth: depth), name)
        case .mappingStart(let name):
            (node, anchor) = (try mapping(depth: depth), name)
        default: throw event.error("a value was expected here")
        }
        if let anchor { anchors[anchor] = node }
        return node
    }

    private func scalar(_ text: String, tag: String?, isPlain: Bool, _ event: ParsedEvent) throws(YAMLError) -> JSONValue {
        switch tag {
        case nil: return isPlain ? CoreSchema.value(ofPlain: text) : .string(text)
        case "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary", "tag:yaml.org,2002:timestamp": return .string(text)
        case "tag:yaml.org,2002:null", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float":
            return CoreSchema.value(ofPlain: text)
        case let tag?: throw event.error("unknown tag \(tag)")
        }
    }

    private mutating func sequence(depth: Int) throws(YAMLError) -> (value: JSONValue, size: Int) {
        var (elements, size): ([JSONValue], Int) = ([], 1)
        while true {
            let event = try parser.next()
            if case .sequenceEnd = event.content { return (.array(elements), size) }
            let element = try node(event, depth: depth + 1)
            elements.append(element.value)
            size += element.size
        }
    }

    private mutating func mapping(depth: Int) throws(YAMLError) -> (value: JSONValue, size: Int) {
        var (members, size): ([String: JSONValue], Int) = ([:], 1)
        while true {
            let event = try parser.next()
            if case .mappingEnd = event.content { return (.object(members), size) }
            guard case .scalar(let key, _, _, _) = event.content else { throw event.error("a key has to be a plain or quoted text") }
            let member = try node(parser.next(), depth: depth + 1)
            guard members.updateValue(member.value, forKey: key) == nil else { throw event.error("key '\(key)' appears twice") }
            size += member.size
        }
    }
}
