import KubernetesModel
import MigrationCore

/// What else writes an object, as its labels, annotations and owners say: it would turn back what a switch writes there.
enum ForeignOwners {
    private static let labels = [
        ("argocd.argoproj.io/instance", "Argo CD application"), ("kustomize.toolkit.fluxcd.io/name", "Flux Kustomization"),
        ("helm.toolkit.fluxcd.io/name", "Flux HelmRelease"), ("reconcile.external-secrets.io/created-by", "ExternalSecret"),
    ]
    private static let annotations = [
        ("argocd.argoproj.io/tracking-id", "Argo CD application"), ("meta.helm.sh/release-name", "Helm release"),
        ("config.kubernetes.io/owning-inventory", "inventory"),
    ]

    /// Such as `Flux Kustomization apps`; `nil` when nothing is known to.
    static func owner(of metadata: ObjectMeta) -> String? {
        // Whoever owns it as a controller makes it, and knows best: SealedSecret, ExternalSecret, a database's operator.
        if let owner = metadata.ownerReferences?.first(where: { $0.controller == true }) ?? metadata.ownerReferences?.first {
            return "\(owner.kind) \(owner.name)"
        }
        for (key, title) in labels { if let name = metadata.labels?[key] { return "\(title) \(name)" } }
        for (key, title) in annotations {
            guard let name = metadata.annotations?[key] else { continue }
            // Argo CD's tracking id goes on with the object behind the application's name.
            return "\(title) \(name.prefix { $0 != ":" })"
        }
        return nil
    }
}

extension ConnectionSnapshot {
    /// One for each object that the controller would write and something else owns.
    var ownershipWarnings: [PreflightProblem] {
        guard !plan.cutover.isWrittenOutside else { return [] }
        let ids = Set(plan.cutover.connections.map { ConnectionHolder.ID($0.kind, $0.name) })
        return ids.sorted().compactMap { id in
            guard let metadata = holders[id]?.metadata, let owner = ForeignOwners.owner(of: metadata) else { return nil }
            let message =
                "\(id) belongs to \(owner), which may turn back what the switch writes there. Let it write the new connection strings itself with "
                + "spec.cutover.secretWriter: External, or stop it for this object before the cutover"
            return PreflightProblem(reason: .connectionOwned, message: message)
        }
    }
}
