import Testing

@testable import ControllerRuntime

@Suite("Events: repeats within 6 minutes become a series")
struct EventHistoryTests {
    let start = ContinuousClock.now

    func notice(_ reason: String = "Copied", note: String = "3 databases", uid: String = "u1") -> EventNotice {
        EventNotice(
            .normal, reason: reason, action: "Copy", note: note,
            subject: .init(apiVersion: "v1", kind: "ConfigMap", namespace: "shop", name: "a", uid: uid))
    }

    @Test("the first is created, repeats count up, a silence of 6 minutes starts anew")
    func series() {
        var history = EventHistory()
        #expect(history.record(notice(), now: start, suffix: "1") == .create(name: "a.1"))
        #expect(history.record(notice(), now: start + .seconds(300), suffix: "2") == .repeated(name: "a.1", count: 2))
        #expect(history.record(notice(), now: start + .seconds(600), suffix: "3") == .repeated(name: "a.1", count: 3))
        #expect(history.record(notice(), now: start + .seconds(960), suffix: "4") == .create(name: "a.4"))
    }

    @Test("another reason, note or object is another event")
    func distinct() {
        var history = EventHistory()
        for (index, other) in [notice(), notice("Failed"), notice(note: "4 databases"), notice(uid: "u2")].enumerated() {
            #expect(history.record(other, now: start, suffix: "\(index)") == .create(name: "a.\(index)"))
        }
    }

    @Test("an event that could not be written is created at the next occurrence")
    func forgets() {
        var history = EventHistory()
        _ = history.record(notice(), now: start, suffix: "1")
        history.forget(notice())
        #expect(history.record(notice(), now: start, suffix: "2") == .create(name: "a.2"))
    }

    @Test("a note is cut to 1,024 bytes between characters", arguments: ["a", "ü", "😀", "👨‍👩‍👧‍👦"])
    func cut(character: String) {
        let text = notice(note: String(repeating: character, count: 2000)).note
        #expect(text.utf8.count <= 1024)
        #expect(text.utf8.count > 1024 - character.utf8.count - 3)
        #expect(text.last == "…")
        #expect(text.dropLast().allSatisfy { String($0) == character })
        #expect(notice(note: String(repeating: "a", count: 1024)).note.utf8.count == 1024)
    }
}
