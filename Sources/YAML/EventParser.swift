import CYAML

/// What libyaml reports of a text, one thing at a time, without its pointers.
struct ParsedEvent {
    enum Content {
        case streamEnd, documentStart, documentEnd, sequenceEnd, mappingEnd
        case other
        case alias(String)
        case scalar(text: String, tag: String?, isPlain: Bool, anchor: String?)
        case sequenceStart(anchor: String?)
        case mappingStart(anchor: String?)
    }

    var content: Content
    var line: Int
    var column: Int

    func error(_ message: String) -> YAMLError { YAMLError(message: message, line: line, column: column) }
}

/// The owner of a libyaml parser and of the text it reads.
@safe
final class EventParser {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>

    init(_ text: String) throws(YAMLError) {
        unsafe parser = .allocate(capacity: 1)
        let bytes = Array(text.utf8)
        unsafe input = .allocate(capacity: max(1, bytes.count))
        _ = unsafe input.initialize(from: bytes)
        guard unsafe yaml_parser_initialize(parser) == 1 else {
            unsafe parser.deallocate()
            unsafe input.deallocate()
            throw YAMLError(message: "out of memory")
        }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    func next() throws(YAMLError) -> ParsedEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        let mark = unsafe event.start_mark
        return unsafe ParsedEvent(content: Self.content(of: event), line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    private static func content(of event: yaml_event_t) -> ParsedEvent.Content {
        switch unsafe event.type {
        case YAML_STREAM_END_EVENT: return .streamEnd
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_ALIAS_EVENT: return .alias(unsafe text(event.data.alias.anchor) ?? "")
        case YAML_SEQUENCE_START_EVENT: return .sequenceStart(anchor: unsafe text(event.data.sequence_start.anchor))
        case YAML_MAPPING_START_EVENT: return .mappingStart(anchor: unsafe text(event.data.mapping_start.anchor))
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return unsafe .scalar(
                text: String(decoding: bytes, as: UTF8.self), tag: text(scalar.tag), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                anchor: text(scalar.anchor))
        default: return .other
        }
    }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        guard let pointer = unsafe pointer else { return nil }
        return unsafe String(cString: pointer)
    }

    private func problem() -> YAMLError {
        let message = unsafe parser.pointee.problem
        let text = if let message = unsafe message { unsafe String(cString: message) } else { "unreadable" }
        let mark = unsafe parser.pointee.problem_mark
        return YAMLError(message: text, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
