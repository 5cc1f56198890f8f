// Every road to a printed form leads through these; the stored text holds the password.

extension ConnectionString: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Dialect, user, hosts and database; never the password or a parameter.
    public var description: String {
        let places = hosts.map { host in
            let name = host.name.contains(":") ? "[\(host.name)]" : host.name
            return host.port.map { "\(name):\($0)" } ?? name
        }
        let parts =
            ["\(dialect.rawValue)", "host \(places.joined(separator: ","))"]
            + (database.map { ["database \($0)"] } ?? []) + (user.map { ["user \($0)"] } ?? [])
            + (password == nil ? [] : ["password ‹redacted›"])
        return "ConnectionString(\(parts.joined(separator: ", ")))"
    }

    public var debugDescription: String { description }

    public var customMirror: Mirror {
        Mirror(
            self, children: ["dialect": dialect, "hosts": hosts, "database": database as Any, "user": user as Any, "password": "‹redacted›"],
            displayStyle: .struct)
    }
}

extension ConnectionString.Credentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "Credentials(user \(user), password ‹redacted›)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["user": user, "password": "‹redacted›"], displayStyle: .struct) }
}

extension Field: CustomStringConvertible, CustomReflectable {
    var description: String { "Field(\(kind), \(range))" }
    var customMirror: Mirror { Mirror(self, children: ["kind": kind, "range": range]) }
}
