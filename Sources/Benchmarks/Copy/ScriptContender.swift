import MigrationCore
import Subprocess

/// A contender that is programs other people made.
struct ScriptContender: CopyContender {
    let way: CopyWay
    private let script: ClientScript

    var ways: [CopyWay] { [way] }

    private init(_ way: CopyWay, _ text: String) {
        self.way = way
        script = ClientScript(text: text, attempt: way.rawValue)
    }

    static let runbook = ScriptContender(
        .runbook,
        """
        from pg_dump -Fc -f "$FOLDER/custom"
        from pg_dump -Fp -f "$FOLDER/plain"
        into pg_restore -d "$into_PGDATABASE" "$FOLDER/custom"
        """)

    /// - Parameter way: what it is called in the results.
    static func directory(as way: CopyWay = .directory) -> ScriptContender {
        ScriptContender(
            way,
            """
            from pg_dump -Fd -j "$JOBS" -Z0 -f "$FOLDER/directory"
            into pg_restore -j "$JOBS" -d "$into_PGDATABASE" "$FOLDER/directory"
            """)
    }

    static let pipe = ScriptContender(.pipe, "from pg_dump | into psql -X -q -v ON_ERROR_STOP=1 -o /dev/null")

    static let pgcopydb = ScriptContender(
        .pgcopydb,
        """
        pgcopydb clone --dir "$FOLDER/pgcopydb" --table-jobs "$JOBS" --index-jobs "$JOBS"
        """)

    /// Says so when it is not.
    static func isPgcopydbInstalled(_ tell: (String) -> Void) async -> Bool {
        let answer = try? await Subprocess.run(.name("pgcopydb"), arguments: ["--version"], output: .string(limit: 4096), error: .discarded)
        guard let answer, answer.terminationStatus.isSuccess else {
            tell("pgcopydb is not installed: measured without it")
            return false
        }
        tell(answer.standardOutput.split(separator: "\n").first.map(String.init) ?? "pgcopydb")
        return true
    }

    func run(_ way: CopyWay, _ stage: CopyStage) async throws -> Double? {
        try await script.run(stage, adding: way == .pgcopydb ? addresses(stage) : [:])
        return nil
    }

    private func addresses(_ stage: CopyStage) -> [String: String] {
        [
            "PGCOPYDB_SOURCE_PGURI": stage.cluster.address(.source, stage.database),
            "PGCOPYDB_TARGET_PGURI": stage.cluster.address(.target, stage.database),
        ]
    }
}
