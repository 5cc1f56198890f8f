import Foundation

/// What becomes of the lines of an answer, as a value.
struct LineFault {
    enum End {
        case close, silence
    }

    private let fault: FaultProxy.Fault?
    private var partial = Data()
    private var held: Data?
    private var passed = 0

    init(_ fault: FaultProxy.Fault?) { self.fault = fault }

    /// - Returns: what to pass on of a piece of the answer, and how the answer ends now, if it does.
    mutating func pass(_ piece: Data) -> (Data, End?) {
        var output = Data()
        partial.append(piece)
        while let end = partial.firstIndex(of: 0x0a) {
            let line = Data(partial[...end])
            partial = Data(partial[partial.index(after: end)...])
            switch fault {
            case .cut(let lines) where lines == passed: return (output + line.prefix(line.count / 2), .close)
            case .stall(let lines) where lines == passed: return (output, .silence)
            case .twice: output += line + line
            case .swapped:
                if let first = held {
                    output += line + first
                    held = nil
                } else {
                    held = line
                }
            default: output += line
            }
            passed += 1
            if case .insert(let text, let lines)? = fault, lines == passed { return (output + Data("\(text)\n".utf8), .close) }
        }
        if case .insert(let text, 0)? = fault { return (Data("\(text)\n".utf8), .close) }
        return (output, nil)
    }

    /// What is left at the end.
    func rest() -> Data { (held ?? Data()) + partial }
}
