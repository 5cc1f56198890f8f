/// Recognises connection strings of systems that were not asked for, so that a refusal can name them. Every name is one of a closed list.
enum ForeignText {
    private static let schemes: [(prefix: String, name: String)] = [
        ("postgres", "PostgreSQL"), ("mysql", "MySQL"), ("mariadb", "MariaDB"), ("sqlserver", "SQL Server"), ("mssql", "SQL Server"),
        ("oracle", "Oracle"), ("sqlite", "SQLite"), ("mongodb", "MongoDB"), ("redis", "Redis"), ("valkey", "Redis"), ("amqp", "AMQP"),
        ("kafka", "Kafka"),
        ("clickhouse", "ClickHouse"), ("cockroach", "CockroachDB"),
    ]

    private static let settings: [(prefix: String, name: String)] = [
        ("accountendpoint=", "Azure Cosmos DB"), ("defaultendpointsprotocol=", "Azure Storage"), ("endpoint=sb:", "Azure Service Bus"),
    ]

    static func system(of bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes[ASCII.trimmed(bytes, bytes.indices)], as: UTF8.self).lowercased()
        if let known = settings.first(where: { text.hasPrefix($0.prefix) }) { return known.name }
        if hasRedisOptions(bytes) { return DatabaseSystem.redis.title }
        let words = text.prefix { $0 != "/" && $0 != "?" && $0 != "@" && $0 != "=" && $0 != " " }.split(
            separator: ":", omittingEmptySubsequences: false)
        guard words.count > 1 else { return nil }
        let scheme = words[0] == "jdbc" || words[0] == "r2dbc" ? words[1] : words[0]
        guard words[0] != scheme || text.dropFirst(words[0].utf8.count).hasPrefix("://") else {
            return schemes.first { scheme.hasPrefix($0.prefix) }?.name
        }
        return schemes.first { scheme.hasPrefix($0.prefix) && text.contains("//") }?.name
    }

    private static func hasRedisOptions(_ bytes: [UInt8]) -> Bool {
        do throws(ConnectionStringError) { return try RedisNodesForm.parse(bytes)?.hasOptions ?? false } catch { return false }
    }

    /// The system of an ADO.NET or ODBC text that is none of PostgreSQL's, by settings and host notations that only others have.
    static func system(ofPairs pairs: [AdoNetScanner.Pair]) -> String? {
        let sqlServer: Set<String> = [
            "multipleactiveresultsets", "attachdbfilename", "trustedconnection", "encrypt", "networklibrary", "columnencryptionsetting",
            "failoverpartner",
            "transparentnetworkipresolution", "multisubnetfailover",
        ]
        let mySQL: Set<String> = [
            "allowpublickeyretrieval", "allowuservariables", "convertzerodatetime", "charset", "treattinyasboolean", "oldguids",
        ]
        for pair in pairs {
            if sqlServer.contains(pair.key) { return "SQL Server" }
            if mySQL.contains(pair.key) { return "MySQL" }
            let value = pair.value.lowercased()
            if pair.key == "driver", !value.contains("postgre"), !value.contains("psql") { return "another database's ODBC driver" }
            guard AdoNetForm.kind(ofKey: pair.key) == .host else { continue }
            if value.hasPrefix("tcp:") || value.contains("\\") || value.hasPrefix("(localdb)") { return "SQL Server" }
            // SQL Server separates its port with a comma, where Npgsql separates hosts.
            let entries = HostList.entries(value)
            if entries.count == 2, entries[1].utf8.allSatisfy({ ASCII.isDigit($0) || $0 == 0x20 }), !entries[1].isEmpty { return "SQL Server" }
        }
        return nil
    }
}
