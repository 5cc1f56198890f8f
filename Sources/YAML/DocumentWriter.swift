import CYAML
import StructuredData

/// The owner of a libyaml emitter and of the text it writes.
@safe
final class DocumentWriter {
    private let emitter: UnsafeMutablePointer<yaml_emitter_t>
    private let output: Output

    /// What the emitter has written so far; a class, because libyaml keeps a pointer to it.
    private final class Output { var bytes: [UInt8] = [] }

    init() throws(YAMLError) {
        unsafe emitter = .allocate(capacity: 1)
        output = Output()
        guard unsafe yaml_emitter_initialize(emitter) == 1 else {
            unsafe emitter.deallocate()
            throw YAMLError(message: "out of memory")
        }
        unsafe yaml_emitter_set_output(
            emitter,
            { context, bytes, count in
                guard let context = unsafe context, let bytes = unsafe bytes else { return 0 }
                unsafe Unmanaged<Output>.fromOpaque(context).takeUnretainedValue().bytes.append(
                    contentsOf: UnsafeBufferPointer(start: bytes, count: count))
                return 1
            }, Unmanaged.passUnretained(output).toOpaque())
        unsafe yaml_emitter_set_unicode(emitter, 1)
        unsafe yaml_emitter_set_width(emitter, -1)
    }

    deinit {
        unsafe yaml_emitter_delete(emitter)
        unsafe emitter.deallocate()
    }

    func text(of documents: [JSONValue]) throws(YAMLError) -> String {
        try unsafe emit { unsafe yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
        for (index, document) in documents.enumerated() {
            try unsafe emit { unsafe yaml_document_start_event_initialize($0, nil, nil, nil, index == 0 ? 1 : 0) }
            try write(document)
            try unsafe emit { unsafe yaml_document_end_event_initialize($0, 1) }
        }
        try unsafe emit { unsafe yaml_stream_end_event_initialize($0) }
        return String(decoding: output.bytes, as: UTF8.self)
    }

    private func write(_ value: JSONValue) throws(YAMLError) {
        switch value {
        case .null: try scalar("null")
        case .bool(let bool): try scalar(bool ? "true" : "false")
        case .integer(let integer): try scalar(String(integer))
        case .number(let number): try scalar("\(number)")
        case .string(let text): try string(text)
        case .array(let elements):
            let style = elements.isEmpty ? YAML_FLOW_SEQUENCE_STYLE : YAML_BLOCK_SEQUENCE_STYLE
            try unsafe emit { unsafe yaml_sequence_start_event_initialize($0, nil, nil, 1, style) }
            for element in elements { try write(element) }
            try unsafe emit { unsafe yaml_sequence_end_event_initialize($0) }
        case .object(let members):
            let style = members.isEmpty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE
            try unsafe emit { unsafe yaml_mapping_start_event_initialize($0, nil, nil, 1, style) }
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                try string(key)
                try write(member)
            }
            try unsafe emit { unsafe yaml_mapping_end_event_initialize($0) }
        }
    }

    /// Plain where every reader takes it for text, quoted otherwise; several lines as a literal block.
    private func string(_ text: String) throws(YAMLError) {
        if text.contains("\n") { return try scalar(text, style: YAML_LITERAL_SCALAR_STYLE) }
        let isPlain = CoreSchema.value(ofPlain: text) == .string(text) && !Self.readAsOtherByYAML11(text)
        try scalar(text, style: isPlain ? YAML_ANY_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE)
    }

    /// Other readers (kubectl's among them) follow YAML 1.1, where these are booleans, and where text like `1_000` or `12:30` is a number.
    private static func readAsOtherByYAML11(_ text: String) -> Bool {
        if ["y", "n", "yes", "no", "on", "off"].contains(text.lowercased()) { return true }
        let isNumberLike = text.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-._:eExXoObBaAcCdDfFTZtz ".utf8.contains($0) }
        return isNumberLike && text.utf8.contains { (0x30...0x39).contains($0) || $0 == 0x2e || $0 == 0x3d }
    }

    private func scalar(_ text: String, style: yaml_scalar_style_t = YAML_PLAIN_SCALAR_STYLE) throws(YAMLError) {
        let bytes = Array(text.utf8)
        try unsafe emit { event in
            unsafe bytes.withUnsafeBufferPointer { buffer in
                // libyaml does not take a missing address, not even for no bytes.
                var none: yaml_char_t = 0
                return unsafe buffer.isEmpty
                    ? yaml_scalar_event_initialize(event, nil, nil, &none, 0, 1, 1, style)
                    : yaml_scalar_event_initialize(event, nil, nil, buffer.baseAddress, Int32(buffer.count), 1, 1, style)
            }
        }
    }

    private func emit(_ initialize: (UnsafeMutablePointer<yaml_event_t>) -> Int32) throws(YAMLError) {
        var event = unsafe yaml_event_t()
        guard unsafe initialize(&event) == 1 else { throw YAMLError(message: "text that is not UTF-8") }
        guard unsafe yaml_emitter_emit(emitter, &event) == 1 else {
            guard let problem = unsafe emitter.pointee.problem else { throw YAMLError(message: "not written") }
            throw YAMLError(message: unsafe String(cString: problem))
        }
    }
}
