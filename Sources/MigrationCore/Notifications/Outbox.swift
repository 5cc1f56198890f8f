extension Record {
    /// One thing to tell people, written before it is sent: whoever comes after a controller that was killed sends it.
    public struct Notification: Sendable, Hashable, Codable {
        /// Characters of a message that are kept.
        static let messageLimit = 400

        /// Within the migration, over all attempts; never used twice.
        public var number: Int
        public var occasion: Occasion
        public var at: Timestamp
        public var phase: Phase
        public var attempt: Int
        public var reason: Reason?
        public var message: String?

        /// Tells nothing but that it arrived.
        public static func test(at now: Timestamp) -> Notification {
            Notification(
                number: 0, occasion: .test, at: now, phase: .pending, attempt: 1, reason: .requested,
                message: "This is a test: nothing has happened to the migration.")
        }
    }

    /// So many wait to be delivered; more drop the oldest.
    static let outboxLimit = 8
}

extension Visit {
    /// Puts something to tell into the outbox, if anybody wants to hear of it.
    mutating func tell(_ occasion: Occasion) { record.tell(occasion, intent, now) }

    /// What was delivered, or given up, needs no place any more.
    mutating func forgetDelivered() {
        guard let outbox = record.outbox, !observation.delivered.isEmpty else { return }
        let left = outbox.filter { !observation.delivered.contains($0.number) }
        record.outbox = left.isEmpty ? nil : left
    }
}

extension Record {
    fileprivate mutating func tell(_ occasion: Occasion, _ intent: Intent, _ now: Timestamp) {
        guard intent.notifies.contains(occasion) else { return }
        let number = (notified ?? 0) + 1
        notified = number
        let entry = Notification(number: number, occasion: occasion, at: now, phase: phase, attempt: attempt)
        outbox = Array(((outbox ?? []) + [entry]).suffix(Self.outboxLimit))
    }
}

extension Decision {
    /// Tells of where the migration rests, once for each time it comes to rest there, and gives what is told its words.
    mutating func notify(_ intent: Intent, _ now: Timestamp) {
        let occasion = Occasion(standing, in: record.phase).flatMap { intent.notifies.contains($0) ? $0 : nil }
        if occasion != record.toldStanding, occasion != nil || !isPassing {
            record.toldStanding = occasion
            if let occasion { record.tell(occasion, intent, now) }
        }
        guard let outbox = record.outbox, outbox.contains(where: { $0.message == nil }) else { return }
        let words = (reason: cause?.reason, message: String((cause?.message ?? "").prefix(Record.Notification.messageLimit)))
        record.outbox = outbox.map { entry in
            guard entry.message == nil else { return entry }
            var entry = entry
            (entry.reason, entry.message) = words
            return entry
        }
    }

    /// A trouble that may be over at the next visit: what was told before it still holds, and is not told again after it.
    private var isPassing: Bool {
        switch cause?.reason {
        case .observationFailed, .progressingWithRetry, .probeInconclusive: true
        default: false
        }
    }

    private var cause: Record.Cause? {
        switch standing {
        case .progressing(let cause), .stalled(let cause): cause
        case .awaitingApproval(let message): .init(.awaitingApproval, message)
        case .goalReached(let message): .init(.goalReached, message)
        }
    }
}
