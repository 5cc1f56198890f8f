/// Whose rules order a database's text.
struct DatabaseLocale: Sendable, Hashable {
    enum Provider: String, Sendable {
        case libc = "c"
        case icu = "i"
        case builtin = "b"
    }

    var provider: Provider
    var collate: String
    var ctype: String
    /// The provider's own, unless it is libc.
    var name: String?
    /// ICU's, which may be tailored from PostgreSQL 16 on.
    var rules: String?

    init(_ provider: Provider, collate: String, ctype: String, name: String? = nil, rules: String? = nil) {
        (self.provider, self.collate, self.ctype, self.name, self.rules) = (provider, collate, ctype, name, rules)
    }

    /// - Parameter row: with ``columns(version:)``.
    init(_ row: Row) {
        self.init(
            Provider(rawValue: row.text("provider")) ?? .libc, collate: row.text("datcollate"), ctype: row.text("datctype"), name: row["locale"],
            rules: row["rules"])
    }

    /// What to select from `pg_database`.
    /// - Parameter version: `server_version_num`
    static func columns(version: Int) -> String {
        let provider = version >= 150_000 ? "datlocprovider" : "'c'"
        let locale = version >= 170_000 ? "datlocale" : version >= 150_000 ? "daticulocale" : "NULL"
        return "datcollate, datctype, \(provider) AS provider, \(locale) AS locale, \(version >= 160_000 ? "daticurules" : "NULL") AS rules"
    }

    /// Of a `CREATE DATABASE … TEMPLATE template0`, whose provider would otherwise be that of the server.
    func clause(major: Int) -> String {
        let libc = "LC_COLLATE \(SQL.literal(collate)) LC_CTYPE \(SQL.literal(ctype))"
        let named = name.map { SQL.literal($0) } ?? "''"
        return switch provider {
        case .libc: major >= 15 ? "LOCALE_PROVIDER libc \(libc)" : libc
        case .icu: "LOCALE_PROVIDER icu ICU_LOCALE \(named) \(libc)" + (rules.map { " ICU_RULES \(SQL.literal($0))" } ?? "")
        case .builtin: "LOCALE_PROVIDER builtin BUILTIN_LOCALE \(named) \(libc)"
        }
    }
}
