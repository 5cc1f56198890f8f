/// Which local executable stands in for an image.
public struct ImageMap: Codable, Sendable, Hashable {
    /// Absolute paths by image name.
    public var executables: [String: String]

    public init(_ executables: [String: String] = [:]) { self.executables = executables }

    /// The executable for an image reference: the whole reference first, then without its tag and digest, then its last path
    /// component, so that `registry.example/team/dbmigration:1.2` finds `dbmigration`. `nil` when the image is unknown.
    public func executable(for reference: String) -> String? {
        let name = Self.withoutVersion(reference)
        return executables[reference] ?? executables[name] ?? executables[String(name.split(separator: "/").last ?? "")]
    }

    static func withoutVersion(_ reference: String) -> String {
        let withoutDigest = reference.split(separator: "@", maxSplits: 1).first.map(String.init) ?? reference
        // A colon before the last slash belongs to the registry's port.
        guard let colon = withoutDigest.lastIndex(of: ":"), !withoutDigest[colon...].contains("/") else { return withoutDigest }
        return String(withoutDigest[..<colon])
    }

    /// The command line of a container: `command` replaces the image's entry point, `args` follow. A command that names the
    /// image's own program by any path (`/usr/local/bin/dbmigration`) means the mapped executable.
    public static func commandLine(executable: String, command: [String], arguments: [String]) -> [String] {
        guard let first = command.first else { return [executable] + arguments }
        let baseName = { (path: String) in path.split(separator: "/").last ?? "" }
        let program = baseName(first) == baseName(executable) ? executable : first
        return [program] + command.dropFirst() + arguments
    }
}
