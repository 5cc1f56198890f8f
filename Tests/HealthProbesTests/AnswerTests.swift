import HTTPTransport
import MigrationCore
import Testing

@testable import HealthProbes

@Suite("Verdicts of single answers and of checks")
struct AnswerTests {
    @Test("a status counts by the check's own list", arguments: [(200, Verdict.ok), (204, .ok), (301, .failed), (404, .failed), (503, .failed)])
    func status(status: Int, verdict: Verdict) {
        #expect(Answer(address: nil, status: status, expected: [200, 204]).verdict == verdict)
    }

    @Test("silence of the application fails, a question that could not be put does not")
    func transportErrors() {
        for kind in HTTPError.Kind.allCases {
            let error = HTTPError(kind: kind, method: .get, url: "http://user:pass@a/health?token=secret", message: "libcurl's words")
            let answer = Answer(address: nil, error: error, timeoutSeconds: 5)
            let isFailure: Bool =
                switch kind {
                case .connect, .timeout, .closed, .tls, .protocolViolation: true
                case .resolve, .invalidRequest, .cancelled, .other: false
                }
            #expect(answer.verdict == (isFailure ? .failed : .inconclusive), "\(kind)")
            #expect(!answer.message.contains("secret") && !answer.message.contains("pass@"), "\(kind)")
        }
    }

    @Test(
        "one failed address fails the check; only all good ones are good",
        arguments: [
            ([Verdict.ok, .ok], Verdict.ok), ([.ok, .failed], .failed), ([.ok, .inconclusive], .inconclusive), ([.failed, .inconclusive], .failed),
            ([], .inconclusive),
        ])
    func combine(verdicts: [Verdict], whole: Verdict) {
        let answers = verdicts.enumerated().map { index, verdict in
            var answer = Answer(address: "10.0.0.\(index):80", status: 200, expected: [200])
            answer.verdict = verdict
            return answer
        }
        #expect(ProbeReading.combine("check", answers).verdict == whole)
    }

    @Test("a message counts the addresses and names at most three of them")
    func message() {
        let answers = (1...5).map { Answer(address: "10.0.0.\($0):80", status: $0 == 1 ? 200 : 503, expected: [200]) }
        #expect(
            ProbeReading.combine("check", answers).message
                == "4 of 5 addresses: 10.0.0.2:80 answered 503, expected 200; 10.0.0.3:80 answered 503, expected 200; "
                + "10.0.0.4:80 answered 503, expected 200; and 1 more")
        #expect(ProbeReading.combine("check", [Answer(address: nil, status: 200, expected: [200])]).message == "answered 200")
    }
}
