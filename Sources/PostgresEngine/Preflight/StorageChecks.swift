import MigrationCore
import MigrationPorts

/// Whether the storage the spec names holds what the migration adds: WAL kept for lanes, and the copy on the target. Pure.
struct StorageChecks: Sendable {
    let context: DatabaseContext

    /// Nine tenths: a server whose disk is full stops.
    static let usablePercent: Int64 = 90
    /// Of a database's size, what its copy may take: rows are packed anew, indexes are built beside them.
    static let copyPercent: Int64 = 120

    private var plan: Plan { context.plan }
    private var maxRetained: Int64 { Int64(plan.copy.maxRetainedWALMiB) << 20 }

    func problems(source: StorageUse?, target: StorageUse?) -> [PreflightProblem] {
        guard let source, let target else { return [] }
        var problems: [PreflightProblem] = []
        if let storage = plan.source.storageGiB, plan.isLive {
            // What our own slots hold already is part of what they may hold.
            let retained = max(0, maxRetained - source.ownWAL)
            problems += problem(.source, storage, used: source.total, copies: 0, retained: retained)
        }
        if let storage = plan.target.storageGiB {
            let copies = plan.databases.map { database in
                max(0, (source.databases[database.name] ?? 0) * Self.copyPercent / 100 - (target.databases[database.targetName] ?? 0))
            }.reduce(0, +)
            let retained = plan.keepsReverseLane ? max(0, maxRetained - target.ownWAL) : 0
            problems += problem(.target, storage, used: target.total, copies: copies, retained: retained)
        }
        return problems
    }

    private func problem(_ side: Side, _ storageGiB: Int, used: Int64, copies: Int64, retained: Int64) -> [PreflightProblem] {
        let usable = (Int64(storageGiB) << 30) / 100 * Self.usablePercent
        let needed = used + copies + retained
        guard needed > usable else { return [] }
        let server = side == .source ? plan.source : plan.target
        var parts = ["\(Self.gib(used)) are used"]
        if copies > 0 { parts.append("the copies need \(Self.gib(copies)) more (1.2 times the source's size)") }
        if retained > 0 { parts.append("lanes may keep \(Self.gib(retained)) of WAL (copy.maxRetainedWALMiB)") }
        let enough = (needed * 100 / Self.usablePercent + (1 << 30) - 1) >> 30
        var remedy = "raise the storage to \(enough) GiB and spec.\(side.rawValue).storageGiB with it"
        let left = (usable - used - copies) >> 20
        if retained > 0, left >= 64 { remedy += ", or lower copy.maxRetainedWALMiB to \(left)" }
        return [
            .init(
                reason: .serverSettings,
                message:
                    "\(side.rawValue) \(server.host):\(server.port) has \(storageGiB) GiB of storage (spec.\(side.rawValue).storageGiB): \(parts.joined(separator: ", ")), more than \(Self.usablePercent) % of it: \(remedy)"
            )
        ]
    }

    private static func gib(_ bytes: Int64) -> String {
        let tenths = (bytes * 10) >> 30
        return "\(tenths / 10).\(tenths % 10) GiB"
    }
}
