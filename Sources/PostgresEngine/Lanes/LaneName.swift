import MigrationCore

/// The name that publication, slot and subscription of one lane share: cluster-wide unique, at most 63 bytes of `[a-z0-9_]`.
///
/// Every making of a lane has a name of its own, so that whoever makes or drops one late touches nothing newer.
/// Table `_dbmigration.lane` of the target database says which is the current one.
struct LaneName: Sendable, Hashable, CustomStringConvertible {
    /// What a lane was made by.
    enum Origin: Sendable, Hashable {
        /// The worker with this number, which copied the rows under the slot's snapshot.
        case copy(Int)
        /// An action decided at this epoch of the source's fence, while the publisher stood still.
        case epoch(Int64)
    }

    let description: String

    /// - Parameter number: Which of the database's lanes, from 1.
    init(uid: String, direction: Direction, databaseOID: Int64, number: Int = 1, origin: Origin) {
        description = "\(Self.prefix(uid: uid))\(databaseOID)_\(Self.letter(direction))\(number)_\(Self.suffix(origin))"
    }

    private static func letter(_ direction: Direction) -> String { direction == .forward ? "f" : "r" }

    private static func suffix(_ origin: Origin) -> String {
        switch origin {
        case .copy(let number): "k\(number)"
        case .epoch(let epoch): "e\(epoch)"
        }
    }

    /// With which every lane of a migration begins.
    static func prefix(uid: String) -> String {
        "dbmigration_" + uid.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(20) + "_"
    }

    /// A regular expression for every lane of a migration, or for those of one direction.
    static func pattern(uid: String, _ direction: Direction? = nil) -> String {
        "^\(prefix(uid: uid))[0-9]+_\(direction.map(letter) ?? "[fr]")[0-9]+_[a-z0-9]+$"
    }

    /// A regular expression for the lanes that one database has in a direction, or for those of one making.
    static func pattern(uid: String, _ direction: Direction, databaseOID: Int64, origin: Origin? = nil) -> String {
        "^\(prefix(uid: uid))\(databaseOID)_\(letter(direction))[0-9]+_\(origin.map(suffix) ?? "[a-z0-9]+")$"
    }

    /// The number of the worker that made the forward lane `name`; `nil` for other lanes.
    static func worker(_ name: String) -> Int? {
        guard let suffix = name.split(separator: "_").last, suffix.hasPrefix("k") else { return nil }
        return Int(suffix.dropFirst())
    }
}
