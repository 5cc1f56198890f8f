public import KubernetesModel

/// The custom resource: what to move, and how far it has come.
public struct DatabaseMigration: KubernetesObject {
    public static let resource = APIResource(
        group: "migrations.mystira.app", version: "v1alpha1", plural: "databasemigrations", kind: "DatabaseMigration")
    /// Holds a deleted object until the applications stand on a working side and our objects are gone.
    public static let finalizer = "migrations.mystira.app/cleanup"
    /// Label of everything made for a migration; its value is the migration's name.
    public static let label = "migrations.mystira.app/migration"

    public var metadata: ObjectMeta
    public var spec: DatabaseMigrationSpec
    public var status: DatabaseMigrationStatus?

    public init(metadata: ObjectMeta, spec: DatabaseMigrationSpec, status: DatabaseMigrationStatus? = nil) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }
}
