import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import PostgresEngine

@Suite("Rules of storage") struct StorageRules {
    private func checks(source: Int?, target: Int?, live: Bool = true, reverse: Bool = true) -> StorageChecks {
        func access(_ host: String, _ storage: Int?) -> ServerAccess {
            ServerAccess(
                server: .init(host: host, credentials: .init(name: ""), storageGiB: storage), user: "", password: Redacted(""),
                certificateAuthorityFile: nil)
        }
        let (from, to) = (access("old", source), access("new", target))
        var plan = Plan(
            source: from.server, target: to.server, databases: [.init(name: "app", targetName: "moved")],
            copy: .init(mode: live ? .live : .snapshot, maxRetainedWALMiB: 10_240), cutover: .init(pauseSeconds: 1, connections: [], workloads: []))
        plan.rollback.keepReverseReplication = reverse
        return StorageChecks(context: .init(uid: "u", plan: plan, source: from, target: to, applicationRoles: []))
    }

    private func use(_ gib: [String: Int64], wal: Int64 = 0, own: Int64 = 0) -> StorageUse {
        StorageUse(databases: gib.mapValues { $0 << 30 }, wal: wal << 30, ownWAL: own << 30)
    }

    @Test("the source needs room for WAL, the target for the copies and for the way back")
    func room() {
        let (source, target) = (use(["app": 50, "other": 20], wal: 10), use(["postgres": 0]))
        // 80 + 10 GiB on the source; 50 x 1.2 + 10 GiB on the target.
        #expect(checks(source: 100, target: 78).problems(source: source, target: target) == [])
        let found = checks(source: 99, target: 77).problems(source: source, target: target).map(\.message)
        #expect(
            found == [
                "source old:5432 has 99 GiB of storage (spec.source.storageGiB): 80.0 GiB are used, lanes may keep 10.0 GiB of WAL (copy.maxRetainedWALMiB), more than 90 % of it: raise the storage to 100 GiB and spec.source.storageGiB with it, or lower copy.maxRetainedWALMiB to 9318",
                "target new:5432 has 77 GiB of storage (spec.target.storageGiB): 0.0 GiB are used, the copies need 60.0 GiB more (1.2 times the source's size), lanes may keep 10.0 GiB of WAL (copy.maxRetainedWALMiB), more than 90 % of it: raise the storage to 78 GiB and spec.target.storageGiB with it, or lower copy.maxRetainedWALMiB to 9523",
            ])
        #expect(checks(source: nil, target: nil).problems(source: source, target: target) == [])
        #expect(checks(source: 1, target: nil).problems(source: nil, target: nil) == [])
    }

    @Test("what is copied and kept already counts once")
    func again() {
        let (source, target) = (use(["app": 50], own: 8), use(["moved": 55], own: 10))
        #expect(checks(source: 58, target: 67).problems(source: source, target: target) == [])
        #expect(checks(source: 57, target: 66).problems(source: source, target: target).count == 2)
    }

    @Test("without lanes nobody keeps WAL")
    func withoutLanes() {
        let (source, target) = (use(["app": 50]), use([:]))
        #expect(checks(source: 1, target: 67, live: false).problems(source: source, target: target) == [])
        #expect(checks(source: 67, target: 67, reverse: false).problems(source: source, target: target) == [])
        let none = checks(source: nil, target: 50, reverse: false).problems(source: source, target: target).first?.message
        #expect(none?.contains("lower copy.maxRetainedWALMiB") == false)
    }
}

extension DatabaseTests {
    @Suite("Preflight of storage and collations") struct StoragePreflight {
        @Test("storage is measured on both servers, in either mode, and said with numbers")
        func measured() async throws {
            let scenario = try await Scenario.make("storage", schema: ["CREATE TABLE t (a int PRIMARY KEY)"])
            func found(_ context: DatabaseContext, source: Int, target: Int) async -> [String] {
                var context = context
                context.plan.source.storageGiB = source
                context.plan.target.storageGiB = target
                return await scenario.port.preflight(context).map(\.message)
            }
            #expect(await found(scenario.liveContext(), source: 1024, target: 1024) == [])
            let small = await found(scenario.liveContext(), source: 20, target: 20)
            #expect(
                small.count == 2 && small[0].contains("lanes may keep 20.0 GiB of WAL") && small[1].contains("spec.target.storageGiB"), "\(small)")
            #expect(await found(scenario.context, source: 1, target: 20) == [])
        }

        @Test("indexes built under another version of a collation")
        func versions() async throws {
            let scenario = try await Scenario.make(
                "collations",
                schema: ["CREATE COLLATION grown (provider = icu, locale = 'en')", "CREATE TABLE named (a text COLLATE grown PRIMARY KEY)"])
            let database = scenario.databases[0]
            try await scenario.source.superuser(database) { session in
                #expect(await scenario.port.preflight(scenario.context) == [])
                try await session.execute("UPDATE pg_collation SET collversion = '1.0' WHERE collname = 'grown'")
                let found = await scenario.port.preflight(scenario.context)
                #expect(found.map(\.reason) == [.unsupportedObject])
                let text = found.first?.message ?? ""
                #expect(text.contains("collation grown") && text.contains("ALTER COLLATION \"public\".\"grown\" REFRESH VERSION"), "\(text)")
                try await session.execute("ALTER COLLATION grown REFRESH VERSION")
                #expect(await scenario.port.preflight(scenario.context) == [])
            }
        }
    }
}
