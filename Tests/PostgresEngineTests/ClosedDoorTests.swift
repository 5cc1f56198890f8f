import MigrationCore
import MigrationPorts
import StructuredData
import Testing

@testable import PostgresEngine

@Suite("Who gets through a closed door")
struct ClosedDoorTests {
    @Test(
        "Minor releases before February 2025 count our sessions",
        arguments: [
            (130_018, "13.19"), (140_015, "14.16"), (150_010, "15.11"), (160_002, "16.7"), (170_002, "17.3"), (150_011, nil), (160_007, nil),
            (170_010, nil),
            (180_000, nil), (190_000, nil),
        ] as [(Int, String?)])
    func versions(version: Int, wanted: String?) { #expect(ClosedDoor.remedy(version: version) == wanted) }

    @Test("Every role of ours on a side counts, each once")
    func roles() {
        let server = Plan.Server(host: "h", credentials: .init(name: "c"))
        var access = ServerAccess(server: server, user: "admin", password: Redacted(""), certificateAuthorityFile: nil)
        #expect(access.rolesBehindTheDoor == ["admin"])
        access.subscriber = Login(user: "subscriber", password: Redacted(""))
        access.replicator = Login(user: "admin", password: Redacted(""))
        #expect(access.rolesBehindTheDoor == ["admin", "subscriber"])
    }
}
