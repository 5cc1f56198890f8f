import MigrationCore
import Testing

@testable import PostgresEngine

/// What the checks say of settings and roles which the servers of the tests do not have.
@Suite("Rules of preflight") struct PreflightRules {
    private func capacity(_ changes: [String: String] = [:], without: Set<String> = []) -> ReplicationCapacity {
        var values = [
            "wal_level": "logical", "max_replication_slots": "10", "max_wal_senders": "10", "max_logical_replication_workers": "4",
            "max_worker_processes": "8", "max_slot_wal_keep_size": "-1", "wal_sender_timeout": "60000", "wal_receiver_timeout": "60000",
        ]
        values.merge(changes) { $1 }
        let live = [
            "max_slot_wal_keep_size", "wal_sender_timeout", "wal_receiver_timeout", "output_plugin_libraries", "idle_replication_slot_timeout",
        ]
        let settings = values.filter { !without.contains($0.key) }.map {
            ($0.key, ReplicationCapacity.Setting(value: $0.value, needsRestart: !live.contains($0.key)))
        }
        return ReplicationCapacity(
            settings: Dictionary(uniqueKeysWithValues: settings), isStandby: false, slots: 0, senders: 0, subscriptions: 0, workers: 0, processes: 1)
    }

    private func checks(_ provider: Provider = .selfManaged, published: Int = 3, subscribed: Int = 3, host: String = "db") -> ReplicationChecks {
        ReplicationChecks(
            place: "target \(host):5432", host: host, provider: provider, published: published, subscribed: subscribed, ownSenders: 4)
    }

    private func messages(_ checks: ReplicationChecks, _ capacity: ReplicationCapacity) -> [String] {
        (checks.problems(capacity) + checks.retention(capacity, maxRetainedWALMiB: 20_480)).map(\.message)
    }

    @Test("a server with room is no problem; neither is one that publishes nothing, whatever its wal_level")
    func fine() {
        #expect(messages(checks(), capacity()).isEmpty)
        let replica = capacity(["wal_level": "replica", "max_slot_wal_keep_size": "1", "max_replication_slots": "3"])
        #expect(messages(checks(published: 0), replica).isEmpty)
    }

    @Test("wal_level, on every provider in its own words")
    func walLevel() {
        let found = messages(checks(), capacity(["wal_level": "replica"]))
        #expect(
            found == ["wal_level of target db:5432 is replica, lanes need logical: ALTER SYSTEM SET wal_level = 'logical'; then restart the server"])
        let minimal = capacity(["wal_level": "minimal"])
        let azure = messages(checks(.azureFlexibleServer, host: "new.postgres.database.azure.com"), minimal)
        #expect(azure.first?.contains("-s new --name wal_level --value logical; az postgres flexible-server restart -g <group> -n new") == true)
        let rds = messages(checks(.rds, host: "new.abc.eu-west-1.rds.amazonaws.com"), minimal)
        #expect(rds.first?.contains("ParameterName=rds.logical_replication,ParameterValue=1,ApplyMethod=pending-reboot") == true)
        #expect(rds.first?.contains("--db-instance-identifier new") == true)
        #expect(messages(checks(.cloudSQL), minimal).first?.contains("--database-flags=cloudsql.logical_decoding=on") == true)
    }

    @Test("each limit, with the number that would do")
    func limits() {
        var used = capacity()
        used.slots = 8
        used.senders = 5
        used.workers = 2
        used.processes = 6
        let found = messages(checks(), used)
        #expect(found.count == 4, "\(found)")
        #expect(found[0].contains("2 free replication slots of 10, 3 are needed: ALTER SYSTEM SET max_replication_slots = '11'"))
        #expect(found[1].contains("5 free WAL senders of 10, 7 are needed: ALTER SYSTEM SET max_wal_senders = '12'"))
        #expect(found[2].contains("2 free logical replication workers of 4, 3 are needed: ALTER SYSTEM SET max_logical_replication_workers = '5'"))
        #expect(found[3].contains("2 free worker processes of 8, 3 are needed: ALTER SYSTEM SET max_worker_processes = '9'"))
    }

    @Test("before 18 a subscriber's origins are limited by max_replication_slots, from then on by a parameter of their own")
    func origins() {
        var used = capacity()
        used.subscriptions = 9
        #expect(
            messages(checks(), used).map { $0.contains("1 free replication origins of 10") && $0.contains("max_replication_slots = '12'") } == [true])
        var newer = capacity(["max_active_replication_origins": "10"])
        newer.subscriptions = 9
        #expect(messages(checks(), newer).map { $0.contains("max_active_replication_origins = '12'") } == [true])
        used.subscriptions = 9
        #expect(messages(checks(subscribed: 0), used).isEmpty)
    }

    @Test("a standby")
    func standby() {
        var standby = capacity()
        standby.isStandby = true
        #expect(messages(checks(), standby).map { $0.contains("is a standby") } == [true])
    }

    @Test("what would cost a slot, or leave a dead peer unnoticed")
    func retention() {
        let bad = capacity([
            "max_slot_wal_keep_size": "10240", "wal_sender_timeout": "0", "wal_receiver_timeout": "5000", "idle_replication_slot_timeout": "3600",
            "output_plugin_libraries": "test_decoding, \"$libdir/pgoutput\"",
        ])
        let found = messages(checks(), bad)
        for text in [
            "max_slot_wal_keep_size = '20480'; SELECT pg_reload_conf()", "wal_sender_timeout of target db:5432 is off",
            "wal_receiver_timeout of target db:5432 is 5000 ms",
            "idle_replication_slot_timeout = '0'", "output_plugin_libraries = 'test_decoding', '$libdir/pgoutput', 'pgoutput'",
        ] { #expect(found.contains { $0.contains(text) }, "\(text): \(found)") }
        #expect(found.count == 5)
        // A plan that keeps little still wants 2 GiB.
        let little = checks().retention(capacity(["max_slot_wal_keep_size": "1024"]), maxRetainedWALMiB: 512)
        #expect(little.map { $0.message.contains("max_slot_wal_keep_size = '2048'") } == [true])
        #expect(checks().retention(capacity(["output_plugin_libraries": "pgoutput, test_decoding"]), maxRetainedWALMiB: 1).isEmpty)
    }

    @Test(
        "who runs a server, and how it lets a role replicate and subscribe",
        arguments: [
            (["postgres"], Provider.selfManaged, "ALTER ROLE \"a\" REPLICATION", "only a superuser may: name the Secret of one"),
            (["azure_pg_admin", "x"], .azureFlexibleServer, "ALTER ROLE \"a\" REPLICATION", "GRANT azure_pg_admin TO \"a\""),
            (["x", "rds_superuser"], .rds, "GRANT rds_replication TO \"a\"", "GRANT rds_superuser TO \"a\""),
            (["cloudsqlsuperuser"], .cloudSQL, "ALTER ROLE \"a\" REPLICATION", "GRANT cloudsqlsuperuser TO \"a\""),
        ])
    func providers(roles: [String], provider: Provider, replication: String, subscription: String) {
        #expect(Provider(roles: roles) == provider)
        #expect(provider.grantReplication(to: "\"a\"") == replication)
        let old = provider.allowSubscriptions(to: "\"a\"", major: 15, side: "target", maintenanceDatabase: "postgres")
        #expect(old.contains(subscription) && old.contains("spec.target.subscriptionCredentialsSecretRef"))
        let new = provider.allowSubscriptions(to: "\"a\"", major: 16, side: "source", maintenanceDatabase: "post\"gres")
        #expect(new.contains("GRANT pg_create_subscription TO \"a\"; GRANT CREATE ON DATABASE \"post\"\"gres\" TO \"a\""))
    }

    @Test("a subscriber of 16 or newer that may not create in a database, not become an owner, or is bound by row security")
    func subscribers() {
        let weak = Subscriber(role: "sub", withoutCreate: ["d"], cannotBecome: ["owner", "stranger"])
        let forced = SecuredTable(database: "d", schema: "s", table: "t", isForced: true, ownerBypasses: false)
        var plain = forced
        plain.isForced = false
        let newer = SubscriberChecks(place: "target db:5432", major: 16)
        let found = newer.problems(weak, owners: ["owner", "sub"], secured: [forced, plain]).map(\.message)
        #expect(found.count == 3, "\(found)")
        #expect(found[0].contains("GRANT CREATE ON DATABASE \"d\" TO \"sub\""))
        #expect(found[1].contains("GRANT \"owner\" TO \"sub\" WITH SET TRUE"))
        #expect(found[2].contains("ALTER TABLE \"s\".\"t\" NO FORCE ROW LEVEL SECURITY"))
        // A superuser applies as the owner all the same from 16 on; before, as itself.
        let superuser = Subscriber(role: "postgres", isSuperuser: true, bypassesRowSecurity: true)
        #expect(newer.problems(superuser, owners: ["owner"], secured: [forced]).count == 1)
        #expect(SubscriberChecks(place: "target db:5432", major: 15).problems(superuser, owners: ["owner"], secured: [forced]).isEmpty)
    }

    @Test("versions of extensions: only a lower number is older")
    func extensions() {
        let source = ["a": "1.10", "b": "1.2", "c": "3.3.2", "d": "2.0-beta", "e": "1.2.0", "gone": "1"]
        let target = ["a": "1.9", "b": "1.2", "c": "3.4.0", "d": "1.0", "e": "1.2"]
        #expect(ExtensionVersions.older(source: source, target: target) == ["a"])
        #expect(ExtensionVersions.newer("1.9", "1.10") == "1.10")
        #expect(ExtensionVersions.newer("2.0-beta", "1.10") == "2.0-beta")
    }
}
