import KubernetesClient
import KubernetesModel

extension KubernetesClient {
    /// `nil` when there is no such object: for those who ask whether there is one.
    func find<Object: KubernetesObject>(_ type: Object.Type, _ name: String, namespace: String) async throws(KubernetesError) -> Object? {
        do {
            return try await get(type, name, namespace: namespace)
        } catch {
            guard error.kind == .notFound else { throw error }
            return nil
        }
    }

    /// Deletes this very object, not one of the same name; one that is gone already is what was asked for.
    func remove<Object: KubernetesObject>(_ object: Object, _ propagation: DeleteOptions.Propagation? = nil) async throws(KubernetesError) {
        do {
            try await delete(Object.self, object.name, namespace: object.namespace, options: DeleteOptions(propagation, uid: object.uid))
        } catch {
            guard error.kind == .notFound else { throw error }
        }
    }
}
