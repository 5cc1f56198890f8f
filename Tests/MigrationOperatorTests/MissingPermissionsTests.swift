import ClusterWorkloads
import ControllerRuntime
import KubernetesClient
import MigrationCore
import Testing

@testable import MigrationOperator

@Suite("A refused request makes readiness fail until it comes through")
struct MissingPermissionsTests {
    @Test("each object has a refusal of its own, and the same one is news only once")
    func readiness() {
        let permissions = MissingPermissions()
        let (a, b) = (ObjectKey(namespace: "team", name: "a"), ObjectKey(namespace: "team", name: "b"))
        let error = KubernetesError(kind: .forbidden, verb: "patch", resource: "databasemigrations/status", status: 403, message: "not allowed")
        #expect(permissions.health == .passing)
        #expect(permissions.refused("\(error)", a))
        #expect(!permissions.refused("\(error)", a))
        #expect(permissions.refused("\(error)", b))
        #expect(permissions.health == .failing("\(error); and 1 more"))
        permissions.granted(a)
        #expect(permissions.health == .failing("\(error)"))
        permissions.granted(b)
        #expect(permissions.health == .passing)
    }

    @Test("a refusal is one in whatever it comes wrapped")
    func wrapped() {
        let error = KubernetesError(kind: .forbidden, verb: "create", resource: "jobs", status: 403, message: "not allowed")
        #expect(MissingPermissions.isRefusal(error))
        #expect(MissingPermissions.isRefusal(ClusterWorkloadsError(.forbidden, "Job copy-1 was refused: \(error)")))
        #expect(!MissingPermissions.isRefusal(ClusterWorkloadsError(.workerRejected, "no image")))
        #expect(!MissingPermissions.isRefusal(CancellationError()))
    }
}
