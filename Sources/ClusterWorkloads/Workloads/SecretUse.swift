import KubernetesModel

extension PodSpec {
    /// How its containers come by a Secret, such as `env DATABASE_URL`; `nil` when none does.
    func use(ofSecret name: String) -> String? {
        let containers = (initContainers ?? []) + (containers ?? [])
        let variables = containers.flatMap { $0.env ?? [] }
        if let variable = variables.first(where: { $0.valueFrom?.secretKeyRef?.name == name }) { return "env \(variable.name)" }
        if containers.contains(where: { $0.envFrom?.contains { $0.secretRef?.name == name } ?? false }) { return "envFrom" }
        let volume = volumes?.first { volume in
            volume.secret?.secretName == name || volume.projected?.sources?.contains { $0.secret?.name == name } ?? false
        }
        return volume.map { "volume \($0.name)" }
    }
}
