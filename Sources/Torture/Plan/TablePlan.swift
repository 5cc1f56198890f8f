import PostgresEngine

/// One table of a random schema. Every table has a number `id` that the database gives, a long text `body`, and columns of random types.
struct TablePlan: Sendable, Hashable {
    /// How a subscriber finds a row.
    enum Identity: String, Sendable, Hashable, CaseIterable {
        case primaryKey = "primary key"
        /// A primary key of text; `id` is an ordinary column.
        case textKey = "text key"
        case index = "identity index"
        case full = "full identity"
    }

    enum Partitions: String, Sendable, Hashable, CaseIterable {
        case none
        case byList = "list partitions"
        case byHash = "hash partitions"
    }

    struct Column: Sendable, Hashable {
        var name: String
        var type: ColumnType
    }

    var schema: String
    var name: String
    var identity: Identity
    var partitions: Partitions
    var columns: [Column]
    /// Whether a statement may give `id` a value.
    var idByDefault: Bool
    var increment: Int
    /// Position in the database's tables of the one `parent` refers to.
    var parent: Int?
    /// Rows at the beginning.
    var rows: Int
    /// Bodies are stored out of line, uncompressed.
    var bodyIsExternal: Bool

    var label: String { SQL.identifier(schema, name) }
    /// Others can refer to its `id`.
    var isReferable: Bool { partitions == .none && (identity == .primaryKey || identity == .index) }

    var description: String {
        let words =
            [identity.rawValue] + (partitions == .none ? [] : [partitions.rawValue])
            + (parent == nil ? [] : ["foreign key"])
        return
            "\(label) \(rows) rows (\(words.joined(separator: ", ")); \(columns.map(\.type.rawValue).joined(separator: ", ")))"
    }

    /// - Parameter earlier: tables it may refer to.
    init(_ number: Int, after earlier: [TablePlan], _ random: inout SeededGenerator) {
        schema = random.pick(["app", "app", "Odd \"Schema\""])
        name =
            random.pick(["orders", "Order Items", "events", "Ärger", "sel\"ect", "group"]) + "_\(number)"
        partitions = random.chance(20) ? random.pick([.byList, .byHash]) : .none
        identity =
            partitions == .none ? random.pick(Identity.allCases) : random.pick([.primaryKey, .full])
        let types = (0..<random.int(1...5)).map { _ in random.pick(ColumnType.allCases) }
        columns = types.enumerated().map { index, type in
            Column(name: index == 1 ? "Column \(index)" : "c\(index)", type: type)
        }
        idByDefault = random.chance(50)
        increment = random.pick([1, 1, 1, 3])
        rows = random.pick([0, 50, 300, 1500])
        bodyIsExternal = random.chance(50)
        let referable = earlier.indices.filter { earlier[$0].isReferable }
        parent =
            partitions == .none && !referable.isEmpty && random.chance(50) ? random.pick(referable) : nil
    }

    /// Statements that make and fill it.
    func statements(_ tables: [TablePlan]) -> [String] {
        var parts = [
            "id bigint GENERATED \(idByDefault ? "BY DEFAULT" : "ALWAYS") AS IDENTITY (INCREMENT \(increment))",
            "region int NOT NULL", "code text NOT NULL",
            "body text",
        ]
        parts += columns.map { "\(SQL.identifier($0.name)) \($0.type.rawValue)" }
        if let parent {
            parts.append("parent bigint REFERENCES \(tables[parent].label) (id) ON DELETE CASCADE")
        }
        switch (identity, partitions) {
        case (.primaryKey, .none): parts.append("PRIMARY KEY (id)")
        case (.primaryKey, _): parts.append("PRIMARY KEY (id, region)")
        case (.textKey, _): parts.append("PRIMARY KEY (code)")
        case (.index, _): parts.append("UNIQUE (id)")
        case (.full, _): break
        }
        var statements = ["CREATE TABLE \(label) (\(parts.joined(separator: ", ")))\(partitionClause)"]
        let leaves = partitionStatements
        statements += leaves.statements
        if bodyIsExternal { statements.append("ALTER TABLE \(label) ALTER body SET STORAGE EXTERNAL") }
        if identity == .full {
            statements += (partitions == .none ? [label] : leaves.names).map {
                "ALTER TABLE \($0) REPLICA IDENTITY FULL"
            }
        }
        if identity == .index {
            statements.append(
                "ALTER TABLE \(label) REPLICA IDENTITY USING INDEX \(SQL.identifier(name + "_id_key"))")
        }
        let names = columns.map { SQL.identifier($0.name) }.joined(separator: ", ")
        statements.append(
            """
            INSERT INTO \(label) (region, code, body, \(names))
            SELECT n % 4, 'first ' || n, CASE WHEN n % 5 = 0 THEN repeat(md5(n::text), 100) END, \(columns.map(\.type.expression).joined(separator: ", "))
            FROM generate_series(1, \(rows)) n
            """)
        return statements
    }

    private var partitionClause: String {
        switch partitions {
        case .none: ""
        case .byList: " PARTITION BY LIST (region)"
        case .byHash:
            identity == .primaryKey ? " PARTITION BY HASH (id)" : " PARTITION BY HASH (region)"
        }
    }

    private var partitionStatements: (statements: [String], names: [String]) {
        let names = (0...2).map { SQL.identifier(schema, "\(name) p\($0)") }
        switch partitions {
        case .none: return ([], [])
        case .byList:
            let values = ["FOR VALUES IN (0, 1)", "FOR VALUES IN (2)", "DEFAULT"]
            return (zip(names, values).map { "CREATE TABLE \($0) PARTITION OF \(label) \($1)" }, names)
        case .byHash:
            return (
                (0...2).map {
                    "CREATE TABLE \(names[$0]) PARTITION OF \(label) FOR VALUES WITH (MODULUS 3, REMAINDER \($0))"
                }, names
            )
        }
    }
}
