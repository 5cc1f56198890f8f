/// A text with variables in braces, such as `{event} in {namespace}`; `{{` and `}}` are braces. The variables are a closed list, none of which holds a
/// secret.
public struct MessageTemplate: Sendable, Hashable {
    public enum Variable: String, Sendable, Hashable, CaseIterable {
        case event, namespace, name, phase, reason, message, attempt, source, target, time, command, id
    }

    private enum Part: Sendable, Hashable {
        case text(String)
        case variable(Variable)
    }

    /// Bytes of a template.
    public static let lengthLimit = 2_048
    /// What is told without a template.
    public static let standard = MessageTemplate([
        .variable(.event), .text(": "), .variable(.namespace), .text("/"), .variable(.name), .text(" is "), .variable(.phase), .text(". "),
        .variable(.message), .text("\n"), .variable(.command),
    ])

    private let parts: [Part]

    private init(_ parts: [Part]) { self.parts = parts }

    public init(_ text: String) throws(TemplateError) {
        guard text.utf8.count <= Self.lengthLimit else { throw TemplateError("is longer than \(Self.lengthLimit) bytes") }
        var parts: [Part] = []
        var literal = ""
        var rest = text[...]
        while let character = rest.popFirst() {
            if (character == "{" || character == "}") && rest.first == character {
                literal.append(character)
                rest.removeFirst()
            } else if character == "{" {
                guard let end = rest.firstIndex(of: "}") else { throw TemplateError("has a '{' without its '}'; write {{ for the character") }
                let name = String(rest[..<end])
                guard let variable = Variable(rawValue: name) else {
                    let known = Variable.allCases.map(\.rawValue).joined(separator: ", ")
                    throw TemplateError("names the unknown variable {\(name.prefix(32))}; known are \(known)")
                }
                parts += [.text(literal), .variable(variable)]
                literal = ""
                rest = rest[rest.index(after: end)...]
            } else if character == "}" {
                throw TemplateError("has a '}' without its '{'; write }} for the character")
            } else {
                literal.append(character)
            }
        }
        parts.append(.text(literal))
        self.parts = parts
        guard !isBlank({ _ in "x" }) else { throw TemplateError("renders nothing; write something, or leave the field out") }
    }

    /// The text; the standard one where nothing would be left, because a variable may be empty.
    public func render(_ value: (Variable) -> String) -> String {
        if isBlank(value), self != .standard { return Self.standard.render(value) }
        return joined(value)
    }

    private func isBlank(_ value: (Variable) -> String) -> Bool { joined(value).allSatisfy(\.isWhitespace) }

    private func joined(_ value: (Variable) -> String) -> String {
        parts.map { part in
            switch part {
            case .text(let text): text
            case .variable(let variable): value(variable)
            }
        }.joined()
    }
}

/// Why a text is no template; a sentence without its subject.
public struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    public var description: String

    init(_ description: String) { self.description = description }
}
