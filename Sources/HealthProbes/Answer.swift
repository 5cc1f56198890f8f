import HTTPTransport
import MigrationCore

/// What one address answered to a check. Holds neither URL nor body, either of which may be secret.
struct Answer: Sendable, Hashable {
    /// `nil` when the check has one address only, which its name stands for.
    var address: String?
    var verdict: Verdict
    var message: String

    /// - Parameter isBodyRight: whether the body is as asked for; `nil` when nothing is asked of it.
    init(address: String?, status: Int, expected: [Int], isBodyRight: Bool? = nil) {
        self.address = address
        guard expected.contains(status) else {
            self.verdict = .failed
            self.message = "answered \(status), expected \(expected.map(String.init).joined(separator: " or "))"
            return
        }
        self.verdict = isBodyRight == false ? .failed : .ok
        self.message = isBodyRight == false ? "answered \(status), but nothing in its body matches bodyPattern" : "answered \(status)"
    }

    /// Nothing heard back from a place we could ask is a failure of that place; a question we could not put is not.
    init(address: String?, error: HTTPError, timeoutSeconds: Int) {
        self.address = address
        (self.verdict, self.message) =
            switch error.kind {
            case .connect: (.failed, "does not accept connections")
            case .timeout: (.failed, "gave no answer within \(timeoutSeconds) s")
            case .closed: (.failed, "closed the connection without a whole answer")
            case .tls: (.failed, "TLS failed: \(error.message)")
            case .protocolViolation: (.failed, "answered something that is not HTTP")
            case .resolve: (.inconclusive, "its host name has no address")
            case .invalidRequest: (.inconclusive, "the check's URL cannot be used")
            case .cancelled: (.inconclusive, "was not asked: the controller stops")
            case .other: (.inconclusive, "could not be asked: \(error.message)")
            }
    }
}

extension ProbeReading {
    /// At most so many addresses are named in a message.
    static let namedLimit = 3

    /// Any failed address fails the check, and only all of them together are good.
    static func combine(_ name: String, _ answers: [Answer]) -> ProbeReading {
        let verdict: Verdict =
            answers.contains { $0.verdict == .failed } ? .failed : !answers.isEmpty && answers.allSatisfy { $0.verdict == .ok } ? .ok : .inconclusive
        let telling = answers.filter { $0.verdict == verdict }
        let named = telling.prefix(namedLimit).map { answer in answer.address.map { "\($0) \(answer.message)" } ?? answer.message }
        let rest = telling.count - named.count
        let count = answers.count > 1 ? "\(telling.count) of \(answers.count) addresses: " : ""
        return ProbeReading(name: name, verdict: verdict, message: count + named.joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : ""))
    }
}
