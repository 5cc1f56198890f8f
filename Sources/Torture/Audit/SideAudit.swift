import MigrationCore

/// Whether both sides took writes at the same moment, as far as acknowledged writes prove it. Pure.
///
/// Every acknowledged write happened at some moment between its sending and its answer. The moments are taken so that writing goes from one side to the other
/// as seldom as possible; every move that no switch and no rollback explains is a moment with two writable sides.
enum SideAudit {
    /// The least number of times that writing went from one side to the other.
    static func moves(_ attempts: [Attempt]) -> Int {
        let writes = attempts.filter { $0.outcome == .acknowledged }
        guard !writes.isEmpty else { return 0 }
        return Side.allCases.map { moves(writes, first: $0) }.min() ?? 0
    }

    /// Stays on a side for as long as the other side's writes allow.
    private static func moves(_ writes: [Attempt], first: Side) -> Int {
        var side = first
        // How far each side's last turn reached: writes that began later still have to be met.
        var reached: [Side: Int64] = [.source: .min, .target: .min]
        var count = 0
        while true {
            let other: Side = side == .source ? .target : .source
            let behind = reached[other] ?? .min
            guard
                let end = writes.lazy.filter({ $0.side == other && $0.began > behind }).map(\.ended).min()
            else { return count }
            reached[side] = end
            side = other
            count += 1
        }
    }

    /// Moves that nothing explains.
    static func unexplained(_ attempts: [Attempt], switches: Int) -> Int {
        max(0, moves(attempts) - switches)
    }
}
