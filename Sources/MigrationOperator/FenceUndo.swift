import ControllerRuntime
import KubernetesModel
import Logging
import MigrationAPI
import MigrationCore
import MigrationPorts

/// What a controller that lost its lease, or cannot write to the API server when a fence's time is over, may still do: open the sources it fenced and
/// has not switched (``Record/undoWithoutLease(_:)``). Their records, written before the fence, authorise it; compare-and-set on the epoch makes it
/// harmless when a successor went on.
struct FenceUndo: Sendable {
    let store: ObjectStore<DatabaseMigration>
    let adapters: MigrationAdapters
    let access: ServerAccessReader
    let logger: Logger

    func undoAll() async {
        await withDiscardingTaskGroup { group in
            for object in store.objects { group.addTask { await undo(object, because: "the lease is lost") } }
        }
    }

    /// Opens the source of one migration if its record says so; what cannot be done is logged.
    func undo(_ object: DatabaseMigration, because reason: String) async {
        guard case .record(let record) = RecordCoding.read(object.status), record.isFencedBeforeSwitch, let plan = record.frozen else { return }
        let namespace = object.namespace ?? ""
        let migration: Logger.Metadata = ["migration": "\(namespace)/\(object.name)"]
        // The API server may be the very thing that is gone, so what was read before comes first.
        guard case .access(let source, let target) = await access.remembered(plan, namespace: namespace) else {
            return logger.error("\(reason) while the source is fenced, and its credentials cannot be read: it stays fenced", metadata: migration)
        }
        let context = DatabaseContext(uid: object.uid ?? "", plan: plan, source: source, target: target, applicationRoles: [])
        let reference = MigrationReference(namespace: namespace, name: object.name, uid: object.uid ?? "")
        let observed = await adapters.databases.observeSource(context)
        guard case .value(let source) = observed else {
            return logger.error(
                "\(reason) while the source is fenced, and it cannot be observed: it stays fenced",
                metadata: migration.merging(["error": "\(observed.whyUnknown ?? "")"]) { $1 })
        }
        let actions = record.undoWithoutLease(source)
        guard !actions.isEmpty else { return }
        logger.warning("\(reason) in a write pause: undoing it", metadata: migration)
        for action in actions {
            do {
                switch action {
                case .openSource(let epoch): try await adapters.databases.openSource(context, epoch: epoch)
                case .resumePoolers: try await adapters.poolers.resume(reference, plan: plan)
                default: break
                }
            } catch {
                return logger.error("the write pause could not be undone: \(action)", metadata: migration.merging(["error": "\(error)"]) { $1 })
            }
        }
    }
}
