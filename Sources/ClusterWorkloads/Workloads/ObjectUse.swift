import KubernetesModel
import MigrationCore

extension PodSpec {
    /// How its containers come by a Secret or ConfigMap, such as `env DATABASE_URL`; `nil` when none does.
    func use(of kind: Plan.Connection.Kind, _ name: String) -> String? {
        let isSecret = kind == .secret
        let containers = (initContainers ?? []) + (containers ?? [])
        let variable = containers.flatMap { $0.env ?? [] }.first { variable in
            (isSecret ? variable.valueFrom?.secretKeyRef?.name : variable.valueFrom?.configMapKeyRef?.name) == name
        }
        if let variable { return "env \(variable.name)" }
        let isWhole = containers.contains { $0.envFrom?.contains { (isSecret ? $0.secretRef?.name : $0.configMapRef?.name) == name } ?? false }
        if isWhole { return "envFrom" }
        let volume = volumes?.first { volume in
            (isSecret ? volume.secret?.secretName : volume.configMap?.name) == name
                || volume.projected?.sources?.contains { (isSecret ? $0.secret?.name : $0.configMap?.name) == name } ?? false
        }
        return volume.map { "volume \($0.name)" }
    }
}
