import ArgumentParser
import Benchmarks
import Glibc

/// `dbmigration bench controller`: how the controller bears many objects.
struct BenchControllerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "controller", abstract: "Measures the controller with many objects, and the same reconciler in kopf beside it.",
        discussion: """
            Its last line without --json is:
            controller: with N objects N × cold sync, N × p50, N × p99, N × RSS of kopf's
            With --json it is one object:
            {"ours": [{"objects", "coldSyncSeconds", "restartSeconds", "p50Ms", "p99Ms", "rssMiB", "idleCPUPercent", …}], "kopf": […]}.
            """)

    @OptionGroup var bench: BenchOptions
    @Option(help: "How many objects; several, by commas, one after another.", transform: Self.numbers)
    var objects = [100, 1000, 10_000]
    @Option(help: "A Python that has kopf; none leaves kopf out.")
    var kopfPython: String?
    @Option(help: "The file with kopf's handlers.")
    var kopfHandlers = "hack/lib/kopf-handlers.py"

    private static func numbers(_ text: String) throws -> [Int] {
        let numbers = text.split(separator: ",").map { Int($0) ?? 0 }
        guard !numbers.isEmpty, numbers.allSatisfy({ $0 > 0 }) else { throw ValidationError("--objects: give numbers of 1 or more, by commas") }
        return numbers
    }

    func run() async throws {
        var contenders = [ControllerContender.ours(try Program.path())]
        if let kopfPython { contenders.append(.kopf(python: kopfPython, handlers: kopfHandlers)) }
        let bench = ControllerBench(contenders: contenders, objects: objects, manifests: self.bench.manifests, limitSeconds: self.bench.limit)
        try self.bench.show(
            try await bench.run {
                print($0); fflush(nil)
            })
    }
}
