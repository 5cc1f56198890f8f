import ConnectionStrings
import MigrationCore

/// A pooler's file of databases: where it leads for a plan, and how to turn it. Pure.
struct PoolerFile: Sendable {
    let pooler: Plan.Pooler
    let databases: PgBouncerDatabases
    private let places: [(source: PgBouncerDatabases.Place, target: PgBouncerDatabases.Place)]

    /// - Throws: never with any part of the text.
    init(_ text: String, of pooler: Plan.Pooler, in plan: Plan) throws(ClusterWorkloadsError) {
        self.pooler = pooler
        do {
            databases = try PgBouncerDatabases.parse(text)
        } catch {
            throw ClusterWorkloadsError(.connectionStringInvalid, "\(pooler.file.place): \(error)")
        }
        places = plan.databases.filter { pooler.databases.contains($0.name) }.map { database in
            (
                PgBouncerDatabases.Place(host: plan.source.host, port: plan.source.port, database: database.name),
                PgBouncerDatabases.Place(host: plan.target.host, port: plan.target.port, database: database.targetName)
            )
        }
        for place in places where side(of: place) == nil {
            throw ClusterWorkloadsError(
                .connectionElsewhere,
                "\(pooler.file.place): no line of [databases] leads to the source \(place.source.text) or the target \(place.target.text); correct a line, or "
                    + "name the right file and databases in spec.cutover.poolers")
        }
    }

    /// Where the lines of all databases lead together.
    var state: SecretsState {
        switch Set(places.flatMap { place in sides(of: place) }) {
        case [.source]: .source
        case [.target]: .target
        default: .mixed
        }
    }

    /// The text leading to `side`. Lines that lead to a third place are not the plan's.
    func text(to side: Side) -> String {
        databases.rewriting { entry in
            guard let place = places.first(where: { entry.leads(to: $0.source) || entry.leads(to: $0.target) }) else { return nil }
            return side == .source ? place.source : place.target
        }
    }

    private func sides(of place: (source: PgBouncerDatabases.Place, target: PgBouncerDatabases.Place)) -> Set<Side> {
        Set(databases.entries.compactMap { $0.leads(to: place.source) ? .source : $0.leads(to: place.target) ? .target : nil })
    }

    private func side(of place: (source: PgBouncerDatabases.Place, target: PgBouncerDatabases.Place)) -> Side? { sides(of: place).first }
}

extension Plan.Pooler.File {
    /// How messages name it.
    var place: String { "\(kind.rawValue) \(name), key \(key)" }
}

extension PgBouncerDatabases.Place {
    var text: String { "\(host.contains(":") ? "[\(host)]" : host):\(port), database \(database)" }
}
