public import MigrationCore
public import MigrationPorts

/// One notification for one receiver.
public struct Delivery: Sendable, Hashable {
    public var notification: Record.Notification
    public var receiver: NotificationReceiver
}

/// How far the notifications of one migration have come. Memory only: after a restart what is still in the outbox is sent again, with the same id.
///
/// Each receiver gets them in their order, and is tried again with growing pauses; a receiver that does not answer keeps nobody else waiting.
public struct Deliveries: Sendable {
    /// Tries before a notification is given up: about half an hour.
    public static let tryLimit = 12
    /// Between tries, in seconds.
    private static let longestPause = 600

    public typealias Instant = ContinuousClock.Instant

    private struct Key: Hashable, Sendable {
        var number: Int
        var receiver: String
    }
    private enum State: Sendable {
        case waits(tries: Int, until: Instant)
        case done
    }
    private var states: [Key: State] = [:]

    public init() {}

    /// What is to be tried now.
    public func due(_ outbox: [Record.Notification], _ receivers: [NotificationReceiver], at now: Instant) -> [Delivery] {
        next(outbox, receivers).filter { delivery in
            if case .waits(_, let until)? = states[key(delivery)] { return until <= now }
            return true
        }
    }

    /// When something is due that is not yet; `nil` when nothing is.
    public func nextTry(_ outbox: [Record.Notification], _ receivers: [NotificationReceiver], after now: Instant) -> Duration? {
        next(outbox, receivers).compactMap { delivery -> Duration? in
            guard case .waits(_, let until)? = states[key(delivery)] else { return .zero }
            return max(.zero, now.duration(to: until))
        }.min()
    }

    /// Takes note of a try.
    /// - Returns: why it was given up; `nil` when it was not.
    public mutating func note(_ delivery: Delivery, _ outcome: WebhookOutcome, at now: Instant) -> String? {
        switch outcome {
        case .sent:
            states[key(delivery)] = .done
            return nil
        case .refused(let why):
            states[key(delivery)] = .done
            return why
        case .busy(let why, let least):
            var tries = 1
            if case .waits(let before, _)? = states[key(delivery)] { tries += before }
            guard tries < Self.tryLimit else {
                states[key(delivery)] = .done
                return "\(why), \(tries) times"
            }
            let pause = Duration.seconds(min(Self.longestPause, 1 << (tries - 1)))
            states[key(delivery)] = .waits(tries: tries, until: now + max(pause, least ?? .zero))
            return nil
        }
    }

    /// Numbers of those that nobody waits for any more, and forgets about what the outbox no longer has.
    public mutating func finished(_ outbox: [Record.Notification], _ receivers: [NotificationReceiver]) -> Set<Int> {
        let numbers = Set(outbox.map(\.number))
        states = states.filter { numbers.contains($0.key.number) }
        return Set(outbox.filter { entry in wanting(entry, receivers).allSatisfy { isDone(entry, $0) } }.map(\.number))
    }

    /// For each receiver the first that it has not.
    private func next(_ outbox: [Record.Notification], _ receivers: [NotificationReceiver]) -> [Delivery] {
        receivers.compactMap { receiver in
            outbox.first { receiver.occasions.contains($0.occasion) && !isDone($0, receiver) }.map { Delivery(notification: $0, receiver: receiver) }
        }
    }

    private func wanting(_ entry: Record.Notification, _ receivers: [NotificationReceiver]) -> [NotificationReceiver] {
        receivers.filter { $0.occasions.contains(entry.occasion) }
    }

    private func isDone(_ entry: Record.Notification, _ receiver: NotificationReceiver) -> Bool {
        if case .done? = states[Key(number: entry.number, receiver: receiver.name)] { true } else { false }
    }

    private func key(_ delivery: Delivery) -> Key { Key(number: delivery.notification.number, receiver: delivery.receiver.name) }
}
