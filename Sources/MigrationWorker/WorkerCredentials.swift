import MigrationCore
import MigrationPorts
import StructuredData

/// A variable the Job should have set is missing.
struct MissingCredential: Error, CustomStringConvertible {
    var variable: String
    var description: String { "environment variable \(variable) is missing: the Job's Secret reference is broken" }
}

/// Access to both servers, from the container's environment.
struct WorkerCredentials: Sendable {
    var source: ServerAccess
    var target: ServerAccess

    init(task: WorkerTask, environment: [String: String]) throws {
        func value(_ name: String) throws -> String {
            guard let value = environment[name] else { throw MissingCredential(variable: name) }
            return value
        }
        source = ServerAccess(
            server: task.plan.source, user: try value(WorkerEnvironment.sourceUser), password: Redacted(try value(WorkerEnvironment.sourcePassword)),
            certificateAuthorityFile: environment[WorkerEnvironment.sourceCertificateAuthority])
        target = ServerAccess(
            server: task.plan.target, user: try value(WorkerEnvironment.targetUser), password: Redacted(try value(WorkerEnvironment.targetPassword)),
            certificateAuthorityFile: environment[WorkerEnvironment.targetCertificateAuthority])
    }
}
