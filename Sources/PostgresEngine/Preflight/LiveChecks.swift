import MigrationCore
import MigrationPorts

/// What Live mode needs besides: lanes from source to target and, if they are kept, back. Run before the copy and again before the cutover, when
/// our own lanes are there: what has this migration's name is never counted and never reported.
struct LiveChecks: Sendable {
    let context: DatabaseContext
    let side: Side
    let longTransactionSeconds: Int

    private var access: ServerAccess { side == .source ? context.source : context.target }
    private var databases: [String] { context.plan.databases.map { side == .source ? $0.name : $0.targetName } }
    private var place: String { "\(side.rawValue) \(access.server.host):\(access.server.port)" }

    static func isPublisher(_ side: Side, _ plan: Plan) -> Bool { side == .source || plan.keepsReverseLane }
    static func isSubscriber(_ side: Side, _ plan: Plan) -> Bool { side == .target || plan.keepsReverseLane }

    /// In a session on the maintenance database. What cannot be asked is a problem of its own and keeps nothing from the other checks.
    func server(_ session: PostgresConnection, into findings: inout Preflight.Findings) async {
        guard let server = findings.facts else { return }
        do {
            let (facts, problems) = try await self.server(session, server)
            findings.facts?.live = facts
            findings.problems += problems
        } catch {
            findings.problems.append(.init(error, access, side: side.rawValue))
        }
    }

    private func server(_ session: PostgresConnection, _ server: ServerFacts) async throws -> (LiveFacts, [PreflightProblem]) {
        let (plan, uid) = (context.plan, context.uid)
        var facts = LiveFacts()
        let present = Set(try await DatabaseSettings.read(session, databases).keys)
        facts.present = databases.filter(present.contains)
        facts.remains = try await UnknownLanes.onServer(session, uid: uid)
        let capacity = try await ReplicationCapacity.read(session, uid: uid)
        // At most: a database whose tables are all connected has one.
        let lanes = databases.count * plan.copy.lanes
        let checks = ReplicationChecks(
            place: place, host: access.server.host, provider: server.provider, published: Self.isPublisher(side, plan) ? lanes : 0,
            subscribed: Self.isSubscriber(side, plan) ? lanes : 0, ownSenders: side == .source ? plan.copy.jobs + plan.copy.indexJobs + 2 : 4)
        var problems = checks.problems(capacity) + checks.retention(capacity, maxRetainedWALMiB: plan.copy.maxRetainedWALMiB)
        if Self.isSubscriber(side, plan) {
            facts.subscriber = try await Subscriber.read(
                session, role: access.subscriber?.user ?? access.user, databases: facts.present, major: server.major)
        }
        problems += try await FeedChecks(session: session, place: place).subscriptions(databases)
        // The target's slots are made at the cutover: until there are lanes, who writes beside us on that server is no matter.
        if side == .source || !facts.remains.isEmpty {
            let migrated = side == .source ? databases : []
            problems += try await TransactionChecks(session: session, place: place, uid: uid, longSeconds: longTransactionSeconds)
                .problems(except: migrated)
        }
        return (facts, problems)
    }

    /// In a session on one database of the source.
    func database(_ session: PostgresConnection) async throws -> LiveDatabase {
        // The planner thinks much of queries over the catalogs, and compiling them takes seconds that running them does not.
        try await session.execute("SET jit = off", attempt: "prepare a session")
        let owners = try await session.rows(
            "SELECT DISTINCT pg_get_userbyid(c.relowner) \(UserObjects.relations("'r'"))", attempt: "list the tables' owners")
        return LiveDatabase(
            problems: try await TableChecks(session: session, place: place).problems()
                + FeedChecks(session: session, place: place).publications(),
            remains: try await UnknownLanes.inDatabase(session, uid: context.uid), owners: Set(owners.compactMap { $0[0].map { ExactName($0) } }),
            secured: try await SecuredTable.read(session))
    }
}

/// What one database of the source shows in Live mode.
struct LiveDatabase: Sendable, Hashable {
    var problems: [PreflightProblem]
    var remains: [String]
    var owners: Set<ExactName>
    var secured: [SecuredTable]
}

/// What the live checks of one server learn for those that need both.
struct LiveFacts: Sendable, Hashable {
    var subscriber: Subscriber?
    /// Databases of the plan that exist.
    var present: [String] = []
    /// Publications, slots and subscriptions with this migration's name.
    var remains: [String] = []
    /// Of the source's tables.
    var owners: Set<ExactName> = []
    /// The source's tables with row security.
    var secured: [SecuredTable] = []
    /// The target: something there says that the migration has been at work.
    var isKnown = false

    mutating func add(_ database: LiveDatabase) {
        remains += database.remains
        owners.formUnion(database.owners)
        secured += database.secured
    }
}

/// What shows only when both servers answered.
struct LivePair: Sendable {
    let context: DatabaseContext
    let source: ServerFacts
    let target: ServerFacts

    func problems() async -> [PreflightProblem] {
        guard let onSource = source.live, let onTarget = target.live else { return [] }
        var problems = subscribers(onSource, onTarget) + extensions()
        let remains = [(place(.source), onSource.remains), (place(.target), onTarget.remains)].map { (place: $0.0, objects: $0.1) }
        if let lost = UnknownLanes.problem(remains, isKnown: onTarget.isKnown) { problems.append(lost) }
        // To itself every server finds the way.
        guard source.systemIdentifier != target.systemIdentifier else { return problems }
        async let forward = reachability(.source, onSource)
        async let reverse = context.plan.keepsReverseLane ? reachability(.target, onTarget) : []
        return await problems + forward + reverse
    }

    private func access(_ side: Side) -> ServerAccess { side == .source ? context.source : context.target }
    private func place(_ side: Side) -> String { "\(side.rawValue) \(access(side).server.host):\(access(side).server.port)" }

    private func subscribers(_ onSource: LiveFacts, _ onTarget: LiveFacts) -> [PreflightProblem] {
        [(Side.source, source.major, onSource.subscriber), (.target, target.major, onTarget.subscriber)].flatMap { side, major, subscriber in
            subscriber.map {
                SubscriberChecks(place: place(side), major: major).problems($0, owners: onSource.owners, secured: onSource.secured)
            } ?? []
        }
    }

    private func extensions() -> [PreflightProblem] {
        ExtensionVersions.older(source: source.extensions, target: target.availableExtensions).map { name in
            .init(
                reason: .unsupportedObject,
                message:
                    "extension \(name) is of version \(source.extensions[name] ?? "") on \(place(.source)), \(place(.target)) offers only \(target.availableExtensions[name] ?? ""): install a newer package there, or use a newer engine version"
            )
        }
    }

    private func reachability(_ publisher: Side, _ facts: LiveFacts) async -> [PreflightProblem] {
        let subscriber: Side = publisher == .source ? .target : .source
        let databases = facts.present.isEmpty ? [access(publisher).server.maintenanceDatabase] : facts.present
        return await Reachability(
            publisher: access(publisher), subscriber: access(subscriber), uid: context.uid, publisherSide: publisher,
            major: subscriber == .source ? source.major : target.major, provider: subscriber == .source ? source.provider : target.provider
        ).problems(databases: databases)
    }
}
