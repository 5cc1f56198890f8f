import ConnectionStrings
import FoundationEssentials
import KubernetesModel
import MigrationCore
import Testing

@testable import ClusterWorkloads

@Suite("One connection string on its way to the target and back")
struct ConnectionRouteTests {
    private let route = Way()

    @Test(
        "forward and back are byte for byte",
        arguments: [
            (Fixtures.original, Fixtures.switched),
            ("postgres://u:p@OLD-PSQL/publisher_db\n", "postgres://u:p@new-psql:5433/publisher_db\n"),
            ("  host=old-psql  user=u password='a b'  dbname=publisher_db connect_timeout=3", nil),
            (
                "jdbc:postgresql://old-psql:5432/publisher_db?user=u&password=p%2B&ssl=true\n",
                "jdbc:postgresql://new-psql:5433/publisher_db?user=u&password=p%2B&ssl=true\n"
            ),
            (
                "Host=old-psql;Database=publisher_db;Username=u;Password='a;b';SSL Mode=Require",
                "Host=new-psql;Port=5433;Database=publisher_db;Username=u;Password='a;b';SSL Mode=Require"
            ),
            (
                #"{"ENGINE": "django.db.backends.postgresql", "NAME": "publisher_db", "USER": "u", "PASSWORD": "p", "HOST": "old-psql", "PORT": "5432"}"#,
                #"{"ENGINE": "django.db.backends.postgresql", "NAME": "publisher_db", "USER": "u", "PASSWORD": "p", "HOST": "new-psql", "PORT": "5433"}"#
            ),
        ])
    func roundTrip(original: String, switched: String?) throws {
        let forward = try #require(try route.forward(Data(original.utf8)))
        if let switched { #expect(forward.text == switched) }
        #expect(try route.side(of: forward) == .target)
        #expect(try route.back(forward, original: Data(original.utf8))?.text == original)
    }

    @Test("what leads there already is left alone")
    func idempotent() throws {
        #expect(try route.forward(Data(Fixtures.switched.utf8)) == nil)
        #expect(try route.back(Data(Fixtures.original.utf8), original: nil) == nil)
        #expect(try route.back(Data(Fixtures.original.utf8), original: Data(Fixtures.original.utf8)) == nil)
    }

    @Test("a password rotated after the switch survives the way back")
    func rotated() throws {
        let rotated = Fixtures.switched.replacing("s%40cret", with: "r0tated")
        let back = try route.back(Data(rotated.utf8), original: Data(Fixtures.original.utf8))
        #expect(back?.text == Fixtures.original.replacing("s%40cret", with: "r0tated"))
    }

    @Test("a password rotated after a rollback is not overwritten by an old original")
    func rotatedOnSource() throws {
        let rotated = Fixtures.original.replacing("s%40cret", with: "r0tated")
        #expect(try route.back(Data(rotated.utf8), original: Data(Fixtures.original.utf8)) == nil)
    }

    @Test("a removed or ruined value is restored from the original; without one it is an error")
    func ruined() throws {
        let original = Data(Fixtures.original.utf8)
        #expect(try route.back(nil, original: original) == original)
        #expect(try route.back(Data("nonsense".utf8), original: original) == original)
        #expect(reason { try route.back(nil, original: nil) } == .secretMissing)
        #expect(reason { try route.back(Data("nonsense".utf8), original: nil) } == .connectionStringInvalid)
    }

    @Test("a kept value that led to the target is no original to go back to")
    func keptTarget() throws {
        let switched = Data(Fixtures.switched.utf8)
        #expect(try route.back(switched, original: switched)?.text == Fixtures.original)
    }

    @Test("another database name on the target")
    func otherName() throws {
        let route = Way(targetName: "publisher")
        let forward = try route.forward(Data(Fixtures.original.utf8))
        #expect(forward?.text == Fixtures.switched.replacing("/publisher_db?", with: "/publisher?"))
        #expect(try route.back(forward, original: Data(Fixtures.original.utf8))?.text == Fixtures.original)
    }

    @Test("other credentials are written forward, and the original's return")
    func otherCredentials() throws {
        let route = Way(user: "publisher2", password: "p/w")
        let original = Data(Fixtures.original.utf8)
        let forward = try #require(try route.forward(original))
        #expect(try ConnectionString.parse(forward.text).user == "publisher2")
        #expect(try ConnectionString.parse(forward.text).password == "p/w")
        #expect(try route.back(forward, original: original) == original)
        let tuned = Data((forward.text.replacing("sslmode=require", with: "sslmode=verify-full")).utf8)
        let back = try #require(try route.back(tuned, original: original))
        #expect(back.text == Fixtures.original.replacing("sslmode=require", with: "sslmode=verify-full"))
    }

    @Test(
        "a third place is named, and the value never is",
        arguments: [
            "postgresql://u:hunter2@third-psql/publisher_db", "postgresql://u:hunter2@old-psql/other_db",
            "host=old-psql,new-psql user=u password=hunter2 dbname=publisher_db",
        ])
    func elsewhere(value: String) {
        do {
            _ = try route.forward(Data(value.utf8))
            Issue.record("redirected a connection string that is not ours")
        } catch {
            let error = try? #require(error as? ClusterWorkloadsError)
            let message = error?.message ?? ""
            #expect(error?.reason == .connectionElsewhere)
            #expect(message.contains("Secret publisher, key url") && message.contains("old-psql:5432") && !message.contains("hunter2"))
        }
    }

    @Test("another database's string is named, and the value never is")
    func otherSystem() {
        do {
            _ = try route.forward(Data("redis://:hunter2@old-psql:6379".utf8))
            Issue.record("took a Redis URL for PostgreSQL's")
        } catch {
            let error = try? #require(error as? ClusterWorkloadsError)
            let message = error?.message ?? ""
            #expect(error?.reason == .connectionStringInvalid)
            #expect(message.contains("Redis") && !message.contains("hunter2"))
        }
    }

    @Test("bytes that are no text are no connection string")
    func notText() {
        #expect(reason { try route.forward(Data([0xff, 0xfe, 0x00])) } == .connectionStringInvalid)
    }
}

/// One key of one Secret, on its way there and back.
struct Way {
    private let plan: Plan
    private let login: ConnectionHolder?

    init(targetName: String? = nil, user: String? = nil, password: String = "") {
        let credentials = user.map { _ in Plan.CredentialsReference(name: "login") }
        plan = Fixtures.plan(connections: [Fixtures.connection("publisher", credentials: credentials)], targetName: targetName)
        login = user.map { ConnectionHolder(Fixtures.secret("login", ["username": $0, "password": password])) }
    }

    private func snapshot(_ value: Data?, kept: Data? = nil) -> ConnectionSnapshot {
        var secret = Fixtures.secret("publisher", [:])
        secret.data?["url"] = value
        var holders = Fixtures.byName([secret])
        if let login { holders[login.id] = login }
        let original = kept.map { value in [ConnectionHolder.ID(.secret, "publisher"): Secret(data: ["url": value])] }
        return ConnectionSnapshot(plan: plan, holders: holders, kept: original ?? [:])
    }

    func side(of value: Data) throws -> SecretsState { try snapshot(value).state() }

    func forward(_ value: Data) throws -> Data? { try snapshot(value).changes(to: .target).first?.values["url"] }

    func back(_ value: Data?, original: Data?) throws -> Data? { try snapshot(value, kept: original).changes(to: .source).first?.values["url"] }
}

func reason(_ body: () throws -> some Any) -> Reason? {
    do {
        _ = try body()
        return nil
    } catch {
        return (error as? ClusterWorkloadsError)?.reason
    }
}
