import MigrationCore
import MigrationPorts
import Testing

@testable import Notifications

@Suite("Which notification is tried when")
struct DeliveriesTests {
    private let start = ContinuousClock.now

    private func entry(_ number: Int, _ occasion: Occasion = .promoted) -> Record.Notification {
        var entry = Record.Notification.test(at: Timestamp(milliseconds: 0))
        (entry.number, entry.occasion) = (number, occasion)
        return entry
    }

    private func receiver(_ name: String, _ occasions: Set<Occasion> = [.promoted]) -> NotificationReceiver {
        NotificationReceiver(name: name, webhook: .init(name: name, key: "url"), occasions: occasions)
    }

    private func names(_ deliveries: [Delivery]) -> [String] { deliveries.map { "\($0.receiver.name) \($0.notification.number)" } }

    @Test("each receiver gets what it wants, in order, and one that hangs keeps no other waiting")
    func order() {
        var deliveries = Deliveries()
        let receivers = [receiver("a"), receiver("b", [.promoted, .failed])]
        let outbox = [entry(1), entry(2, .failed), entry(3)]
        let first = deliveries.due(outbox, receivers, at: start)
        #expect(names(first) == ["a 1", "b 1"])
        #expect(deliveries.note(first[0], .sent, at: start) == nil)
        #expect(deliveries.note(first[1], .busy("down", after: nil), at: start) == nil)
        #expect(names(deliveries.due(outbox, receivers, at: start)) == ["a 3"])
        #expect(deliveries.finished(outbox, receivers) == [])
        #expect(names(deliveries.due(outbox, receivers, at: start + .seconds(1))) == ["a 3", "b 1"])
        #expect(deliveries.note(first[1], .sent, at: start) == nil)
        #expect(names(deliveries.due(outbox, receivers, at: start)) == ["a 3", "b 2"])
        #expect(deliveries.finished(outbox, receivers) == [1])
    }

    @Test("pauses grow up to ten minutes, a receiver may ask for more, and after twelve tries it is given up")
    func retry() {
        var deliveries = Deliveries()
        let (receivers, outbox) = ([receiver("a")], [entry(1)])
        let delivery = Delivery(notification: outbox[0], receiver: receivers[0])
        var pauses: [Int64] = []
        for _ in 1..<Deliveries.tryLimit {
            #expect(deliveries.note(delivery, .busy("answered 503", after: nil), at: start) == nil)
            pauses.append(deliveries.nextTry(outbox, receivers, after: start)?.components.seconds ?? -1)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600])
        #expect(deliveries.note(delivery, .busy("answered 503", after: nil), at: start) == "answered 503, 12 times")
        #expect(deliveries.finished(outbox, receivers) == [1] && deliveries.nextTry(outbox, receivers, after: start) == nil)
        var patient = Deliveries()
        #expect(patient.note(delivery, .busy("answered 429", after: .seconds(90)), at: start) == nil)
        #expect(patient.nextTry(outbox, receivers, after: start) == .seconds(90))
    }

    @Test("a refusal is given up at once; what nobody wants any more is finished; what left the outbox is forgotten")
    func ends() {
        var deliveries = Deliveries()
        let outbox = [entry(1), entry(2)]
        let delivery = Delivery(notification: outbox[0], receiver: receiver("a"))
        #expect(deliveries.note(delivery, .refused("answered 404"), at: start) == "answered 404")
        #expect(deliveries.finished(outbox, [receiver("a")]) == [1])
        #expect(deliveries.finished(outbox, []) == [1, 2])
        #expect(deliveries.finished([entry(2)], [receiver("a")]) == [])
        // As after a restart: the same number is sent again.
        #expect(names(deliveries.due(outbox, [receiver("a")], at: start)) == ["a 1"])
    }
}
