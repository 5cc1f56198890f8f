/// What kind of server a connection string leads to.
public enum DatabaseSystem: String, Sendable, Hashable, CaseIterable {
    case postgreSQL
    case redis

    var title: String {
        switch self {
        case .postgreSQL: "PostgreSQL"
        case .redis: "Redis"
        }
    }
}
