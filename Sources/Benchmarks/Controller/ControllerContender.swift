import Subprocess
import SystemPackage

/// A program that answers each change of a `DatabaseMigration` by writing the generation it has seen into the status.
public struct ControllerContender: Sendable, Hashable {
    /// As in the result.
    var name: String
    var program: String
    var arguments: [String]

    /// This project's controller; it watches one namespace and serves nothing but its metrics.
    ///
    /// - Parameters:
    ///   - program: the executable.
    ///   - watchSeconds: how long its watches last.
    ///   - metricsPort: where it serves its metrics; 0: nowhere.
    public static func ours(_ program: String, watchSeconds: Int = 290, metricsPort: Int = 0) -> ControllerContender {
        let quiet = ["--health-port", "0", "--metrics-port", "\(metricsPort)", "--log-level", "error", "--watch-seconds", "\(watchSeconds)"]
        let names = ["--worker-image", "none", "--lease-namespace", "default", "--lease-name", "bench-\(namespacePlaceholder)"]
        return ControllerContender(
            name: "ours", program: program, arguments: ["controller", "--namespace", namespacePlaceholder] + names + quiet)
    }

    /// The same with the Python framework kopf.
    ///
    /// - Parameters:
    ///   - python: an interpreter that has kopf.
    ///   - handlers: the file with the handlers.
    public static func kopf(python: String, handlers: String) -> ControllerContender {
        ControllerContender(
            name: "kopf", program: python,
            arguments: ["-m", "kopf", "run", "--quiet", "--standalone", "--namespace", namespacePlaceholder, handlers])
    }

    private static let namespacePlaceholder = "{namespace}"

    /// Starts it, and stops it when `body` is done.
    ///
    /// - Parameter body: is given its process ID.
    func run<Answer: Sendable>(namespace: String, kubeconfig: String, _ body: (Int32) async throws -> Answer) async throws -> Answer {
        let arguments = arguments.map { $0.replacing(Self.namespacePlaceholder, with: namespace) }
        // env takes a path, and becomes the program.
        let result = try await Subprocess.run(
            .name("env"), arguments: Arguments(["--", program] + arguments), environment: .inherit.updating(["KUBECONFIG": kubeconfig]),
            input: .none, output: .discarded, error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
        ) { execution in
            do {
                let answer = try await body(execution.processIdentifier.value)
                try execution.send(signal: .terminate)
                return Result<Answer, any Error>.success(answer)
            } catch {
                try? execution.send(signal: .kill)
                return .failure(error)
            }
        }
        return try result.closureResult.get()
    }
}
