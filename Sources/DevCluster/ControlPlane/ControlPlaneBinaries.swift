import FoundationEssentials

/// The folder with the control plane's programs.
enum ControlPlaneBinaries {
    static let programs = ["kube-apiserver", "kube-controller-manager", "etcd", "kubectl"]

    /// `$KUBEBUILDER_ASSETS` (the convention of setup-envtest), else this project's cache as filled by `hack/lib/control-plane.sh`.
    ///
    /// - Throws: `DevClusterError.missing`.
    static func find(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> String {
        let cache =
            environment["DBMIGRATION_CACHE"] ?? environment["XDG_CACHE_HOME"].map { $0 + "/dbmigration" } ?? (environment["HOME"] ?? "")
            + "/.cache/dbmigration"
        let folder = environment["KUBEBUILDER_ASSETS"].flatMap { $0.isEmpty ? nil : $0 } ?? cache + "/control-plane/1.20/bin"
        for program in programs where !FileManager.default.isExecutableFile(atPath: "\(folder)/\(program)") {
            throw DevClusterError.missing(
                what: "\(program), which is not in \(folder)",
                remedy:
                    "run hack/lib/control-plane.sh, which builds it once, or set KUBEBUILDER_ASSETS to a folder with \(programs.joined(separator: ", "))"
            )
        }
        return folder
    }
}
