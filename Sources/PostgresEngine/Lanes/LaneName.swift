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

    init(uid: String, direction: Direction, databaseOID: Int64, origin: Origin) {
        let suffix =
            switch origin {
            case .copy(let number): "k\(number)"
            case .epoch(let epoch): "e\(epoch)"
            }
        description = "\(Self.prefix(uid: uid))\(databaseOID)_\(direction == .forward ? "f" : "r")_\(suffix)"
    }

    /// With which every lane of a migration begins.
    static func prefix(uid: String) -> String {
        "dbmigration_" + uid.lowercased().filter { $0.isASCII && ($0.isLetter || $0.isNumber) }.prefix(20) + "_"
    }

    /// A regular expression for every lane of a migration, or for those of one direction.
    static func pattern(uid: String, _ direction: Direction? = nil) -> String {
        let letters =
            switch direction {
            case .forward: "f"
            case .reverse: "r"
            case nil: "[fr]"
            }
        return "^\(prefix(uid: uid))[0-9]+_\(letters)_[a-z0-9]+$"
    }
}
