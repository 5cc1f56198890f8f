import ControllerRuntime
import KubernetesModel
import Logging
import MigrationAPI
import MigrationCore
import MigrationPorts

/// What a controller that lost its lease may still do: open the sources it fenced and has not switched. Their records, written before the
/// fence, authorise it; compare-and-set on the epoch makes it harmless when a successor was faster.
struct FenceUndo: Sendable {
    let store: ObjectStore<DatabaseMigration>
    let adapters: MigrationAdapters
    let access: ServerAccessReader
    let logger: Logger

    func undoAll() async {
        await withDiscardingTaskGroup { group in
            for object in store.objects { group.addTask { await undo(object) } }
        }
    }

    private func undo(_ object: DatabaseMigration) async {
        guard case .record(let record) = RecordCoding.read(object.status), record.isFencedBeforeSwitch, let plan = record.frozen else { return }
        let namespace = object.namespace ?? ""
        guard case .access(let source, let target) = await access.read(plan, namespace: namespace) else { return }
        let context = DatabaseContext(uid: object.uid ?? "", plan: plan, source: source, target: target, applicationRoles: [])
        guard case .value(let state) = await adapters.databases.observeSource(context), state.fence != .open else { return }
        logger.warning("lease lost while the source is fenced: opening it", metadata: ["migration": "\(namespace)/\(object.name)"])
        do {
            try await adapters.databases.openSource(context, epoch: state.epoch)
        } catch {
            logger.error("the source could not be opened", metadata: ["migration": "\(namespace)/\(object.name)", "error": "\(error)"])
        }
    }
}
