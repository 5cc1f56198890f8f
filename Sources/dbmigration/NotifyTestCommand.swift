import ArgumentParser
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import MigrationAPI
import MigrationCore
import MigrationPorts
import Notifications
import StructuredData
import YAML

/// `dbmigration notify-test -f FILE`: posts a test to every receiver of a manifest.
struct NotifyTestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "notify-test", abstract: "Posts a notification with event Test to every receiver of a DatabaseMigration manifest.",
        discussion: "Reads the Secrets of the manifest's namespace with the kubeconfig. Tries once; ends with 1 when a receiver did not take it.")

    @Option(name: .shortAndLong, help: "A YAML file; - is the standard input.")
    var file: String

    @Option(name: .shortAndLong, help: "Where the Secrets are, if the manifest does not say.")
    var namespace: String?

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file == "-" ? "/dev/stdin" : file) else {
            throw ValidationError("\(file) cannot be read")
        }
        let documents = try YAML.decode(String(decoding: data, as: UTF8.self)).filter { $0["kind"]?.string == "DatabaseMigration" }
        guard !documents.isEmpty else { throw ValidationError("\(file) holds no DatabaseMigration") }
        let client = KubernetesClient(try ClusterConfiguration.load(environment: ProcessInfo.processInfo.environment))
        let sender = WebhookSender { namespace, name in
            do {
                return .value(try await client.get(Secret.self, name, namespace: namespace).data ?? [:])
            } catch {
                return .unknown("Secret \(name) cannot be read: \(error)")
            }
        }
        var failures = 0
        for document in documents {
            let problems = PlanBuilder.lint(document).filter { $0.path.hasPrefix("spec.notifications") }
            for problem in problems { print(problem) }
            failures += problems.count
            guard problems.isEmpty else { continue }
            failures += await test(try document.decode(DatabaseMigration.self), client.namespace, sender)
        }
        if failures > 0 { throw ExitCode.failure }
    }

    /// - Returns: how many did not take it.
    private func test(_ migration: DatabaseMigration, _ fallback: String, _ sender: WebhookSender) async -> Int {
        let receivers = PlanBuilder.read(migration).receivers
        if receivers.isEmpty { print("\(migration.name): nobody is notified (spec.notifications)") }
        let reference = MigrationReference(
            namespace: migration.namespace ?? namespace ?? fallback, name: migration.name, uid: "test-\(UUID().uuidString.lowercased())")
        let test = Record.Notification.test(at: Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)))
        let message = WebhookMessage(test, of: reference, source: migration.spec.source.host, target: migration.spec.target.host)
        var failures = 0
        for receiver in receivers {
            switch await sender.send(message, to: receiver) {
            case .sent: print("\(migration.name): \(receiver.name): sent")
            case .busy(let why, _), .refused(let why):
                failures += 1
                print("\(migration.name): \(receiver.name): not sent: \(why)")
            }
        }
        return failures
    }
}
