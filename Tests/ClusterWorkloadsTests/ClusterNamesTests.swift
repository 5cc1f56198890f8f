import MigrationCore
import MigrationPorts
import Testing

@testable import ClusterWorkloads

@Suite("Names of what we create")
struct ClusterNamesTests {
    @Test("a Job's name fits into a label and tells its migration, step and number apart")
    func jobs() {
        #expect(ClusterNames.job(Fixtures.migration, step: .copy, number: 3) == "mys-staging-3f2a9c10-copy-3")
        let long = MigrationReference(namespace: "n", name: String(repeating: "a.b-", count: 60) + "c", uid: Fixtures.migration.uid)
        let name = ClusterNames.job(long, step: .verify, number: 12_345)
        #expect(name.utf8.count <= 63 && name.hasSuffix("-3f2a9c10-verify-12345") && !name.contains("."))
        #expect(name.split(separator: "-").allSatisfy { !$0.isEmpty })
    }

    @Test("a kept Secret's name is legal, stable, and apart from that of a Secret with the same beginning")
    func kept() {
        let long = String(repeating: "x", count: 250)
        let names = ["\(long)1", "\(long)2"].map { ClusterNames.kept(Fixtures.migration, .init(.secret, $0)) }
        #expect(names[0] != names[1])
        #expect(names.allSatisfy { $0.utf8.count <= 253 })
        #expect(ClusterNames.shortened("abcdefghij", to: 10) == "abcdefghij")
        #expect(ClusterNames.shortened("foobar", to: 4 + 1 + 8) == "foobar")
    }

    @Test("the digest is FNV-1a, so names stay the same over releases")
    func digest() {
        // Published test vector: FNV-1a 32 of "foobar" is bf9cf968.
        #expect(ClusterNames.shortened("foobar", to: 5).hasSuffix("-bf9cf968"))
    }
}
