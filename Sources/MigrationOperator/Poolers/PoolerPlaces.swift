import MigrationCore
import PostgresEngine

/// The places that the databases of one pooler may lead to. Pure.
struct PoolerPlaces: Sendable {
    private struct Place: Sendable, Hashable {
        var host: String
        var port: Int
        var database: String

        init(_ server: Plan.Server, _ database: String) { (host, port, self.database) = (server.host.lowercased(), server.port, database) }

        init(_ database: PoolerConsole.Database) {
            (host, port, self.database) = (database.host?.lowercased() ?? "", database.port, database.database)
        }
    }

    private let places: [(name: String, source: Place, target: Place)]

    init(_ pooler: Plan.Pooler, _ plan: Plan) {
        places = plan.databases.filter { pooler.databases.contains($0.name) }.map { database in
            (database.name, Place(plan.source, database.name), Place(plan.target, database.targetName))
        }
    }

    /// `nil` when it leads to a third place.
    func leads(_ database: PoolerConsole.Database) -> Side? {
        let place = Place(database)
        return places.contains { $0.source == place } ? .source : places.contains { $0.target == place } ? .target : nil
    }

    /// Those of the plan, by where they lead: a pooler may serve one under several names, and others besides.
    /// - Throws: ``PoolerTrouble`` when one of the plan is not among them.
    func own(_ databases: [PoolerConsole.Database], at place: String) throws(PoolerTrouble) -> [PoolerConsole.Database] {
        if let missing = missing(in: databases).first { throw PoolerTrouble(message: "\(place) has no database that leads to \(missing)") }
        return databases.filter { leads($0) != nil }
    }

    /// Databases of the plan, by their source names, that none of `databases` leads to on either server.
    func missing(in databases: [PoolerConsole.Database]) -> [String] {
        let found = Set(databases.map { Place($0) })
        return places.filter { !found.contains($0.source) && !found.contains($0.target) }.map(\.name)
    }
}
