import FoundationEssentials

/// Why the story could not be told to its end.
public enum DemoError: Error, CustomStringConvertible {
    case noDevCluster
    case noManifests(path: String)
    case manifest(file: String, problem: String)
    case sql(_ attempt: String, database: String, output: String)
    case timeout(waitingFor: String, state: String)
    case stopped(phase: String, message: String)
    case program(_ name: String, output: String)

    public var description: String {
        switch self {
        case .noDevCluster: "this runs inside a dev cluster only: use hack/demo, or dbmigration dev run -- dbmigration demo"
        case .noManifests(let path): "there are no manifests at \(path): start the demo in the repository, or say where they are with --manifests"
        case .manifest(let file, let problem): "\(file): \(problem)"
        case .sql(let attempt, let database, let output): "\(attempt) on \(database): \(output)"
        case .timeout(let what, let state): "gave up waiting for \(what): \(state)"
        case .stopped(let phase, let message): "the migration waits in \(phase) for a person: \(message)"
        case .program(let name, let output): "\(name) failed: \(output)"
        }
    }
}
