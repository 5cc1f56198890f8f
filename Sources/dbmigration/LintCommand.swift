import ArgumentParser
import FoundationEssentials
import MigrationAPI
import StructuredData
import YAML

/// `dbmigration lint -f FILE`: every problem of a manifest at once, before a cluster sees it.
struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint", abstract: "Checks DatabaseMigration manifests and reports every problem with its field path.",
        discussion: "Documents of other kinds are passed over. Ends with 1 when there is a problem.")

    @Option(name: .shortAndLong, help: "A YAML file; - is the standard input.")
    var file: String

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file == "-" ? "/dev/stdin" : file) else {
            throw ValidationError("\(file) cannot be read")
        }
        var found = 0
        var checked = 0
        for document in try YAML.decode(String(decoding: data, as: UTF8.self)) where document["kind"]?.string == "DatabaseMigration" {
            checked += 1
            let name = document["metadata"]?["name"]?.string ?? "(no name)"
            for problem in PlanBuilder.lint(document) {
                found += 1
                print("\(name): \(problem)")
            }
        }
        guard checked > 0 else { throw ValidationError("\(file) holds no DatabaseMigration") }
        if found > 0 { throw ExitCode.failure }
        print("\(checked == 1 ? "1 migration" : "\(checked) migrations") checked, no problem found")
    }
}
