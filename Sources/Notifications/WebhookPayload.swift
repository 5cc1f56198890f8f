import FoundationEssentials
import MigrationCore
import MigrationPorts
import StructuredData

/// The body that is posted. Pure.
enum WebhookPayload {
    /// - Throws: `EncodingError`, when the message has no JSON form.
    static func body(_ message: WebhookMessage, for receiver: NotificationReceiver) throws -> Data {
        let text = receiver.template.render(message.value)
        let document: JSONValue =
            switch receiver.format {
            case .generic: generic(message, text)
            case .slack: ["text": .string(escapedForSlack(text))]
            case .teams: adaptiveCard(text)
            }
        return try JSON.encode(document)
    }

    /// Every variable by its name, and the text.
    private static func generic(_ message: WebhookMessage, _ text: String) -> JSONValue {
        var members = Dictionary(uniqueKeysWithValues: MessageTemplate.Variable.allCases.map { ($0.rawValue, JSONValue.string(message.value($0))) })
        members[MessageTemplate.Variable.attempt.rawValue] = .integer(Int64(message.notification.attempt))
        members["text"] = .string(text)
        return .object(members)
    }

    /// Slack reads these three as the beginning of links and mentions.
    private static func escapedForSlack(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    /// What a workflow of Teams posts to a channel. It knows no other line break than a paragraph.
    private static func adaptiveCard(_ text: String) -> JSONValue {
        let blocks = text.split(whereSeparator: \.isNewline).map { ["type": "TextBlock", "text": .string(String($0)), "wrap": true] as JSONValue }
        let card: JSONValue = [
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": .array(blocks),
        ]
        return [
            "type": "message",
            "attachments": [["contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": .null, "content": card]],
        ]
    }
}
