/// The order of the versions of one kind of object: over all its objects, since they count the writes to one store.
///
/// kube-apiserver has always counted them up, and promises it since Kubernetes 1.35: decimal integers of any length. See decisions 0026 and 0059.
enum ResourceVersion {
    /// Whether `version` is newer than `present`. Versions that are no numbers (of another API server) are news when they differ.
    static func isNews(_ version: String, after present: String) -> Bool {
        guard isNumber(version), isNumber(present) else { return version != present }
        return (version.utf8.count, version) > (present.utf8.count, present)
    }

    private static func isNumber(_ version: String) -> Bool {
        version.utf8.first != 0x30 && !version.isEmpty && version.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
