/// One row of `_dbmigration.fence`: the fence of one database.
struct FenceRow: Sendable, Hashable, Decodable {
    enum State: String, Sendable, Decodable { case open, closed }
    var database: String
    var state: State
    var epoch: Int64
    /// Settings of the database from before the fence.
    var savedLimit: Int64
    var savedReadOnly: String?
    var changedAtMilliseconds: Int64
    /// What closing it met: client sessions that were ended, and writes of ours, made as a client would, that were refused.
    var sessionsEnded: Int64?
    var writesRefused: Int64?
}

/// What a compare-and-set may do with the rows it found. Pure.
enum FenceStep: Equatable {
    /// The rows stand at the epoch of the decision: move them on.
    case advance
    /// They stand there and are closed already: only their epoch moves on.
    case seal
    /// An earlier run of the same action moved them already: do the rest.
    case resume
    /// Somebody else acted since.
    case stopped(String)

    /// - Parameter databases: Those of the plan; rows may be missing for some when none is newer than `epoch`.
    init(rows: [FenceRow], databases: [String], wanted: FenceRow.State, epoch: Int64) {
        let ours = rows.filter { databases.contains($0.database) }
        if rows.isEmpty {
            self = epoch == 0 ? .advance : .stopped("no fence is recorded, decided at epoch \(epoch)")
        } else if rows.allSatisfy({ $0.epoch <= epoch }) && rows.contains(where: { $0.epoch == epoch }) {
            let isClosed = ours.count == databases.count && ours.allSatisfy { $0.state == .closed && $0.epoch == epoch }
            self = wanted == .closed && isClosed ? .seal : .advance
        } else if ours.count == databases.count, ours.allSatisfy({ $0.state == wanted && $0.epoch == epoch + 1 }) {
            self = .resume
        } else {
            self = .stopped("epoch is \(rows.map(\.epoch).max() ?? 0), decided at \(epoch)")
        }
    }
}

/// The fence was moved by somebody else: this action came too late.
public struct FenceStopped: Error, Sendable, CustomStringConvertible {
    public var server: String
    public var why: String
    public var description: String { "stopped: fence of \(server): \(why)" }
}

/// The fence could not be brought to its wanted state; what stands is left for the next attempt or for the undo.
public struct FenceFailure: Error, Sendable, CustomStringConvertible {
    public var server: String
    public var what: String
    public var remedy: String
    public var description: String { "fence of \(server): \(what); \(remedy)" }
}
