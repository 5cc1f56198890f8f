import FoundationEssentials
import KubernetesModel
import MigrationCore
import StructuredData
import Testing

@testable import ClusterWorkloads

@Suite("What is said of each key")
struct ConnectionValuesTests {
    @Test("digests of both sides' values, for those who hold the key; only where others write")
    func digests() throws {
        var cluster = Cluster(Fixtures.connection("publisher"))
        cluster.secret("publisher", ["url": Fixtures.original, "other": "o"])
        var snapshot = cluster.snapshot
        snapshot.digestKey = Data("key".utf8)
        #expect(snapshot.values(attempt: 1).map(\.value) == [ConnectionValue(object: "Secret publisher", key: "url", state: .source)])
        snapshot.plan.cutover.secretWriter = .external
        let digests = try #require(snapshot.values(attempt: 1).first?.value.digests)
        func code(_ text: String) -> String? { ValueDigest.text(of: Data(text.utf8), key: Data("key".utf8)) }
        #expect(digests == [.source: code(Fixtures.original), .target: code(Fixtures.switched)])
        snapshot.digestKey = nil
        #expect(snapshot.values(attempt: 1).first?.value.digests == [:])
    }

    @Test("what was written in this attempt and leads elsewhere was turned back")
    func turnedBack() {
        var cluster = Cluster(Fixtures.connection("publisher"))
        cluster.secret("publisher", ["url": Fixtures.original])
        let mark = [ClusterNames.written: Originals.mark(.target, attempt: 2)]
        cluster.kept[.init(.secret, "publisher")] = Secret(metadata: ObjectMeta(annotations: mark))
        #expect(cluster.snapshot.values(attempt: 2).map(\.wasTurnedBack) == [true])
        #expect(cluster.snapshot.values(attempt: 3).map(\.wasTurnedBack) == [false])
        cluster.secret("publisher", ["url": Fixtures.switched])
        #expect(cluster.snapshot.values(attempt: 2).map(\.wasTurnedBack) == [false])
    }

    @Test("the manager that owns a key, the last where several do")
    func managers() {
        func entry(_ manager: String, _ time: String, _ key: String) -> JSONValue {
            ["manager": .string(manager), "time": .string(time), "fieldsV1": ["f:data": .object(["f:\(key)": [:]])]]
        }
        let object: JSONValue = [
            "metadata": [
                "managedFields": [
                    entry("dbmigration", "2026-01-02T03:04:05Z", "url"), entry("argocd-controller", "2026-01-02T03:04:09Z", "url"),
                    entry("kubectl", "2026-01-02T03:05:00Z", "other"),
                ]
            ]
        ]
        #expect(FieldManagers.owner(ofKey: "url", in: object) == "argocd-controller")
        #expect(FieldManagers.owner(ofKey: "absent", in: object) == nil)
    }

    @Test(
        "key patterns",
        arguments: [
            ("*_URL", ["A_URL", "_URL"]), ("A*", ["A_URL", "A_B_C"]), ("*", ["A_URL", "A_B_C", "_URL", "B"]), ("A*B*C", ["A_B_C"]),
            ("A_U*RL", ["A_URL"]),
            ("X", ["X"]), ("A_URL*URL", []),
        ])
    func patterns(pattern: String, expected: [String]) {
        #expect(Set(KeyPattern(pattern).matches(in: ["A_URL", "A_B_C", "_URL", "B"])) == Set(expected))
    }

    @Test("HMAC as published (RFC 4231)")
    func asPublished() {
        let code = ValueDigest.text(of: Data("what do ya want for nothing?".utf8), key: Data("Jefe".utf8))
        #expect(code == "hmac-sha256:5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }
}
