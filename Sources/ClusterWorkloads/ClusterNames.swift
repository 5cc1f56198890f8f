import MigrationCore
import MigrationPorts

/// Labels, annotations and names of what we create in the migration's namespace.
public enum ClusterNames {
    public static let managedBy = "app.kubernetes.io/managed-by"
    public static let product = "dbmigration"
    public static let migration = "migrations.mystira.app/migration"
    /// The migration's `metadata.uid`; what our objects are found by, because a name may be used again.
    public static let uid = "migrations.mystira.app/uid"
    public static let step = "migrations.mystira.app/step"
    /// On a workload's pod template: the restart it was last told to do.
    public static let restartedFor = "migrations.mystira.app/restarted-for"
    /// On what rests over a write pause: the migration's UID, and what the member was before.
    public static let restsFor = "migrations.mystira.app/rests-for"
    public static let restsFrom = "migrations.mystira.app/rests-from"
    /// On a kept Secret: the name of the object whose values it holds.
    public static let originalOf = "migrations.mystira.app/original-of"
    /// On a kept Secret: the kind of that object, where it is not a Secret.
    public static let originalKind = "migrations.mystira.app/original-kind"
    /// On a kept Secret: `<attempt>.<side>` to which its object was last turned. Removing it lets the object be written once more.
    public static let written = "migrations.mystira.app/written"
    /// Holds a kept Secret against deletion by anybody but us.
    public static let originalsFinalizer = "migrations.mystira.app/originals"

    static let apiVersion = "migrations.mystira.app/v1alpha1"
    static let kind = "DatabaseMigration"

    /// Selects everything of one migration.
    static func selector(_ migration: MigrationReference) -> String { "\(uid)=\(migration.uid)" }

    static func labels(_ migration: MigrationReference) -> [String: String] {
        [managedBy: product, Self.migration: labelValue(migration.name), uid: migration.uid]
    }

    /// The Secret that keeps the originals of an object. A uid never begins as a word does, so that the names of both kinds stay apart.
    static func kept(_ migration: MigrationReference, _ id: ConnectionHolder.ID) -> String {
        shortened("dbmigration-\(id.kind == .secret ? "" : "configmap-")\(migration.uid)-\(id.name)", to: 253)
    }

    /// The Secret with the key of digests.
    static func digestKey(_ migration: MigrationReference) -> String { "dbmigration-digest-\(migration.uid)" }

    /// `<migration>-<first 8 of uid>-<step>-<number>`, at most 63 characters, because pods carry it as a label.
    static func job(_ migration: MigrationReference, step: WorkerStep, number: Int) -> String {
        let tail = "-\(migration.uid.prefix(8))-\(step.rawValue)-\(number)"
        // Dots are legal in a migration's name but would split the host name of the Job's pods.
        let head = String(migration.name.map { $0 == "." ? "-" : $0 })
        return shortened(head, to: 63 - tail.utf8.count) + tail
    }

    /// A label's value has at most 63 characters; a name may have 253.
    static func labelValue(_ name: String) -> String { shortened(name, to: 63) }

    /// The name itself, or when it is too long its beginning and a digest of all of it, so that equal beginnings stay apart.
    static func shortened(_ name: String, to limit: Int) -> String {
        guard name.utf8.count > limit else { return name }
        var digest: UInt32 = 2_166_136_261  // FNV-1a: stable over releases, unlike Hasher
        for byte in name.utf8 { digest = (digest ^ UInt32(byte)) &* 16_777_619 }
        let suffix = String(digest, radix: 16)
        var head = name.prefix(max(0, limit - suffix.utf8.count - 1))
        while let last = head.last, !last.isLetter, !last.isNumber { head.removeLast() }
        return "\(head)-\(suffix)"
    }
}
