import MigrationPorts

/// Keeps one session for each database between two looks, because a login costs more than what is looked at. A session is lent to one at a
/// time; who comes meanwhile waits, so that a server never sees more than one of these for each database.
///
/// ``with(_:open:_:)`` is for reading only: work that was cut off by a broken session is done again. What changes something borrows the session,
/// see ``Sessions/borrow(_:as:first:waits:)``.
actor SessionPool {
    struct Key: Sendable, Hashable {
        var access: ServerAccess
        var options: ConnectionOptions
    }

    private struct Slot {
        var idle: PostgresConnection?
        var isLent = false
        /// Whoever has it needs it no more, so that waiting for it costs less than another one.
        var isComingBack = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Counts the returns, so that only the newest one's time can run out.
        var returns = 0
    }

    private var slots: [Key: Slot] = [:]
    private let idleSeconds: Int

    init(idleSeconds: Int = 15) { self.idleSeconds = idleSeconds }

    /// Lends the session of `key`, opened by `open` where there is none; one that broke while it was kept is replaced once.
    nonisolated func with<Answer: Sendable>(
        _ key: Key, open: () async throws -> PostgresConnection, _ body: (PostgresConnection) async throws -> Answer
    ) async throws -> Answer {
        let kept = await take(key)
        if let kept {
            do {
                let answer = try await body(kept)
                await giveBack(kept, key)
                return answer
            } catch {
                await kept.close()
                guard let broken = error as? PostgresError, broken.kind == .connectionLost else {
                    await giveBack(nil, key)
                    throw error
                }
            }
        }
        var session: PostgresConnection?
        do {
            let fresh = try await open()
            session = fresh
            let answer = try await body(fresh)
            await giveBack(fresh, key)
            return answer
        } catch {
            await session?.close()
            await giveBack(nil, key)
            throw error
        }
    }

    /// Whether somebody works with the session of `key` at the moment.
    func isLent(_ key: Key) -> Bool { slots[key].map { $0.isLent && !($0.isComingBack && $0.waiting.isEmpty) } ?? false }

    func isComingBack(_ key: Key) { slots[key]?.isComingBack = true }

    /// The right to the session of `key`, and the session if one is kept; ``giveBack(_:_:)`` ends it.
    func take(_ key: Key) async -> PostgresConnection? {
        while slots[key]?.isLent == true {
            await withCheckedContinuation { slots[key, default: Slot()].waiting.append($0) }
        }
        slots[key, default: Slot()].isLent = true
        slots[key]?.isComingBack = false
        defer { slots[key]?.idle = nil }
        return slots[key]?.idle
    }

    func giveBack(_ session: PostgresConnection?, _ key: Key) {
        slots[key]?.isLent = false
        slots[key]?.idle = session
        slots[key]?.returns += 1
        if let next = slots[key]?.waiting.first {
            slots[key]?.waiting.removeFirst()
            next.resume()
        }
        guard session != nil, let number = slots[key]?.returns else { return }
        Task { [idleSeconds] in
            try? await Task.sleep(for: .seconds(idleSeconds))
            await expire(key, number)
        }
    }

    private func expire(_ key: Key, _ number: Int) async {
        guard let slot = slots[key], slot.returns == number, !slot.isLent, slot.waiting.isEmpty else { return }
        slots[key] = nil
        await slot.idle?.close()
    }
}
