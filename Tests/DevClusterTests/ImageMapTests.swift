import Testing

@testable import DevCluster

@Suite("Images stand for local executables")
struct ImageMapTests {
    let map = ImageMap(["dbmigration": "/build/dbmigration", "team/web": "/build/web", "demo:2": "/build/demo2"])

    @Test(
        "By whole reference, without version, and by last component",
        arguments: [
            ("dbmigration", "/build/dbmigration"), ("dbmigration:1.2", "/build/dbmigration"),
            ("registry.example:5000/x/dbmigration", "/build/dbmigration"),
            ("registry.example:5000/x/dbmigration:1@sha256:0f", "/build/dbmigration"), ("team/web:9", "/build/web"), ("demo:2", "/build/demo2"),
        ])
    func found(reference: String, path: String) { #expect(map.executable(for: reference) == path) }

    @Test("Anything else is unknown", arguments: ["web", "demo", "demo:3", "nosuch", ""])
    func unknown(reference: String) { #expect(map.executable(for: reference) == nil) }

    @Test("A command replaces the entry point; the image's own program means the mapped one")
    func commandLine() {
        let line = { ImageMap.commandLine(executable: "/build/dbmigration", command: $0, arguments: $1) }
        #expect(line([], ["operator"]) == ["/build/dbmigration", "operator"])
        #expect(line(["/usr/local/bin/dbmigration", "worker"], ["copy"]) == ["/build/dbmigration", "worker", "copy"])
        #expect(line(["sh", "-c"], ["true"]) == ["sh", "-c", "true"])
    }
}
