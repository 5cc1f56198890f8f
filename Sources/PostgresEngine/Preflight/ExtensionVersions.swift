import MigrationCore

/// An extension as the source has it, and what the target would install: a dump names no version.
enum ExtensionVersions {
    /// Extensions that the target offers only older; newer ones are meant to be. Pure.
    static func older(source: [String: String], target: [String: String]) -> [String] {
        source.keys.sorted().filter { name in
            guard let wanted = numbers(source[name]), let offered = numbers(target[name]) else { return false }
            return offered.lexicographicallyPrecedes(wanted)
        }
    }

    /// Of two databases' versions; the first where that cannot be told.
    static func newer(_ first: String, _ second: String) -> String {
        guard let left = numbers(first), let right = numbers(second), left.lexicographicallyPrecedes(right) else { return first }
        return second
    }

    /// `nil` for versions which are not numbers with dots: whoever chooses those says nothing of their order.
    private static func numbers(_ version: String?) -> [Int]? {
        guard let parts = version?.split(separator: ".", omittingEmptySubsequences: false).map({ Int($0) }), !parts.contains(nil) else { return nil }
        let numbers = parts.compactMap { $0 }
        // 1.2 and 1.2.0 are one version.
        return Array(numbers.prefix((numbers.lastIndex { $0 != 0 } ?? -1) + 1))
    }
}
