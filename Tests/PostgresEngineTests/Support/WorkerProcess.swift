import Foundation
import MigrationCore
import MigrationPorts
import StructuredData

/// A worker as its Job runs it: the program beside the tests, which can be killed.
struct WorkerProcess: Sendable {
    private let process: Process
    private let message: URL
    /// Yields once, when the process has ended.
    private let ended: AsyncStream<Void>

    static func start(_ task: WorkerTask, as administrators: (source: String, target: String)) throws -> WorkerProcess {
        let process = Process()
        let message = URL(filePath: NSTemporaryDirectory()).appending(path: "dbmigration-worker-\(UUID().uuidString)")
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "dbmigration")
        process.arguments = ["worker", task.step.rawValue]
        process.environment = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", WorkerEnvironment.task: try JSON.text(task),
            WorkerEnvironment.terminationLog: message.path, WorkerEnvironment.sourceUser: administrators.source,
            WorkerEnvironment.targetUser: administrators.target, WorkerEnvironment.sourcePassword: Cluster.password,
            WorkerEnvironment.targetPassword: Cluster.password,
        ]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let (ended, ending) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in ending.finish() }
        try process.run()
        return WorkerProcess(process: process, message: message, ended: ended)
    }

    var isRunning: Bool { process.isRunning }

    /// Ends it as the kernel does when memory is short.
    func kill() { _ = Glibc.kill(process.processIdentifier, SIGKILL) }

    /// Waits for its end.
    ///
    /// - Returns: What it said last; `nil` when it was killed before it could.
    func result() async -> WorkerResult? {
        for await _ in ended {}
        defer { try? FileManager.default.removeItem(at: message) }
        return (try? Data(contentsOf: message)).flatMap { try? JSON.decode(WorkerResult.self, from: $0) }
    }
}
