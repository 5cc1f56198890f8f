import Foundation
import Testing

@testable import MigrationCore

@Suite("What people are told")
struct NotificationTests {
    private static func talk(_ phase: Phase, _ occasions: Set<Occasion> = Set(Occasion.selectable), plan: Plan = .example()) -> Dialogue {
        var talk = Dialogue.reached(phase, plan: plan)
        talk.intent.notifies = occasions
        return talk
    }

    private static func told(_ talk: Dialogue) -> [String] { (talk.record?.outbox ?? []).map { "\($0.number) \($0.occasion.rawValue)" } }

    @Test("a cutover that begins is told with its words, and stays in the outbox until it is delivered")
    func outbox() {
        var talk = Self.talk(.awaitingCutover)
        talk.expect(enters: .fencing)
        #expect(Self.told(talk) == ["1 CutoverStarted"])
        #expect(talk.record?.outbox?[0].message == "Fencing the source." && talk.record?.outbox?[0].phase == .fencing)
        talk.ask()
        #expect(Self.told(talk) == ["1 CutoverStarted"])
        talk.seen.delivered = [1]
        talk.ask()
        #expect(talk.record?.outbox == nil && talk.record?.notified == 1)
    }

    @Test("nobody is told what nobody asked for")
    func unwanted() {
        var talk = Self.talk(.awaitingCutover, [.promoted])
        talk.expect(enters: .fencing)
        #expect(talk.record?.outbox == nil && talk.record?.notified == nil)
    }

    @Test("coming to rest is told once, a passing trouble does not tell it again, and going on does")
    func standing() {
        var talk = Self.talk(.awaitingCutover)
        talk.intent.goal = .ready
        for _ in 0..<3 { talk.ask() }
        #expect(Self.told(talk) == ["1 ReadyForCutover"])
        talk.intent.goal = .promoted
        talk.seen.preflight = .unknown("no answer")
        talk.expectWait(.observationFailed)
        talk.intent.goal = .ready
        talk.ask()
        #expect(Self.told(talk) == ["1 ReadyForCutover"])
        talk.record?.held = .init(.goalLowered, "x")
        talk.intent.goal = .promoted
        talk.seen.preflight = .value([])
        for _ in 0..<3 { talk.ask() }
        #expect(Self.told(talk) == ["1 ReadyForCutover", "2 ApprovalNeeded"])
    }

    @Test("an undone cutover, a stall, and a rollback by itself are told")
    func trouble() {
        var talk = Self.talk(.fencing)
        talk.intent.goal = .ready
        talk.seen.source = .value(.open(2))
        talk.expect(enters: .awaitingCutover)
        #expect(Self.told(talk) == ["1 CutoverAborted"])
        #expect(talk.record?.outbox?[0].message?.contains("spec.goal went back to Ready") == true)
        talk.problems = ["spec.databases: is empty"]
        talk.ask()
        #expect(Self.told(talk).last == "2 Stalled" && talk.record?.outbox?.last?.reason == .invalidSpec)
        var sick = Self.talk(.soaking)
        for _ in 0..<2 {
            sick.probe(.failed)
            sick.ask()
            sick.pass(seconds: 10)
        }
        #expect(Self.told(sick) == ["1 RollbackStarted"])
    }

    @Test("the outbox is bounded, and a new attempt keeps it and its numbers")
    func bounds() throws {
        var talk = Self.talk(.rolledBack)
        talk.record?.notified = 40
        talk.record?.outbox = (33...40).map { .init(number: $0, occasion: .failed, at: start, phase: .failed, attempt: 1) }
        talk.intent.attempt = 2
        talk.expect(enters: .pending)
        #expect(talk.record?.outbox?.count == 8 && talk.record?.notified == 40)
        talk.problems = ["x"]
        talk.ask()
        #expect(talk.record?.outbox?.map(\.number) == Array(34...41))
        let record = try #require(talk.record)
        #expect(try JSONDecoder().decode(Record.self, from: JSONEncoder().encode(record)) == record)
    }

    @Test("telling changes nothing of what is decided", arguments: Phase.allCases, [AbstractSpace.snapshot, .live])
    func harmless(phase: Phase, space: AbstractSpace) {
        var (compared, differing) = (0, 0)
        space.forEachVisit(phase) { desired, record, observation, now in
            var telling = desired
            telling.intent.notifies = Set(Occasion.selectable)
            let plain = decide(desired, uid: "u", record: record, observation: observation, now: now)
            var told = decide(telling, uid: "u", record: record, observation: observation, now: now)
            (told.record.outbox, told.record.notified, told.record.toldStanding) = (nil, nil, nil)
            compared += 1
            if told != plain { differing += 1 }
        }
        #expect(differing == 0 && compared > 0)
    }
}

@Suite("Texts with variables")
struct MessageTemplateTests {
    private func rendered(_ text: String) throws -> String { try MessageTemplate(text).render { $0 == .reason ? "" : "<\($0.rawValue)>" } }

    @Test("variables are replaced, doubled braces are braces")
    func render() throws {
        #expect(try rendered("{event}: {name}{phase} {{id}} }}{{") == "<event>: <name><phase> {id} }{")
        #expect(try rendered("no variable") == "no variable")
    }

    @Test(
        "what is no template says why",
        arguments: [
            ("{password}", "unknown variable {password}"), ("{event", "without its '}'"), ("event}", "without its '{'"), ("", "renders nothing"),
            (" \n", "renders nothing"), ("{}", "unknown variable {}"), (String(repeating: "x", count: 2_049), "longer than 2048"),
        ])
    func refused(text: String, why: String) {
        let error = #expect(throws: TemplateError.self) { try MessageTemplate(text) }
        #expect(error?.description.contains(why) == true)
    }

    @Test("where a variable leaves nothing, the standard text is told")
    func blank() throws {
        #expect(try rendered(" {reason} ").hasPrefix("<event>: <namespace>/<name> is <phase>. <message>"))
    }
}
