import ControllerRuntime
import FoundationEssentials
import KubernetesClient
import KubernetesModel
import Logging
import MigrationAPI
import MigrationCore
import MigrationPorts

/// The seven steps of a visit: read, plan, observe, decide, persist, perform, wake.
///
/// Persist comes before perform: the status written is the write-ahead log, guarded by the resourceVersion that was read.
struct Reconciler: Sendable {
    let client: KubernetesClient
    let store: ObjectStore<DatabaseMigration>
    let observer: MigrationObserver
    let performer: MigrationPerformer
    let failures: ActionFailures
    let permissions: MissingPermissions
    let metrics: OperatorMetrics
    let events: EventRecorder
    let undo: FenceUndo
    let ledger: NotificationLedger
    /// Has what waits in an outbox sent.
    let notify: @Sendable (ObjectKey) async -> Void
    let logger: Logger

    /// A refused request is tried again steadily rather than with backoff: work goes on soon after the role is given back.
    static let refusedRetry = Duration.seconds(5)
    /// The longest pause between two visits that fail while a migration is on its way from one side to the other: the applications may have none.
    static let movingRetry = Duration.seconds(2)

    func reconcile(_ key: ObjectKey) async throws -> ReconcileResult {
        do {
            let result = try await visit(key)
            permissions.granted(key)
            return result
        } catch {
            let isRefused = MissingPermissions.isRefusal(error)
            if isRefused, permissions.refused("\(error)", key) {
                logger.error("not allowed", metadata: ["migration": "\(key)", "error": "\(error)"])
            }
            if let result = await pauseKept(key) {
                logger.error("a visit in the write pause failed", metadata: ["migration": "\(key)", "error": "\(error)"])
                return result
            }
            guard isRefused else { throw error }
            return .after(Self.refusedRetry)
        }
    }

    /// After a visit that failed in a write pause: no long backoff, and a fence whose time is over is undone although the status cannot tell.
    private func pauseKept(_ key: ObjectKey) async -> ReconcileResult? {
        guard let object = store[key], case .record(let record) = RecordCoding.read(object.status) else { return nil }
        guard let budget = PauseBudget(record) else {
            return [.switching, .rollingBack].contains(record.phase) ? .after(Self.movingRetry) : nil
        }
        if budget.isSpent(at: .now) { await undo.undo(object, because: "the pause budget is spent and the visit failed") }
        return .after(budget.retry(at: .now))
    }

    private func visit(_ key: ObjectKey) async throws -> ReconcileResult {
        guard let object = store[key] else {
            failures.forget(key)
            metrics.forget(key)
            ledger.forget(key)
            return .done
        }
        let record: Record?
        switch RecordCoding.read(object.status) {
        case .none: record = nil
        case .record(let read): record = read
        case .lost(let cause): return try await stateLost(object, cause)
        }
        let reading = PlanBuilder.read(object, accepted: record?.frozen ?? record?.accepted)
        let now = Timestamp.now
        var visit = VisitContext(
            reference: MigrationReference(namespace: object.namespace ?? "", name: object.name, uid: object.uid ?? ""), desired: reading.desired,
            record: record, facts: factsNeeded(reading.desired, record: record, now: now))
        let budget = PauseBudget(record)
        var observation = await observe(object, visit, budget)
        observation.delivered = ledger.finished(key, record?.outbox, reading.receivers)
        var decision = decideOnward(reading.desired, uid: visit.reference.uid, record: record, observation: observation, now: now)
        failures.explain(&decision, key: key)

        let status = try StatusBuilder.build(
            StatusInput(
                previous: object.status, generation: object.metadata.generation ?? 0, reading: reading, observation: observation, decision: decision,
                now: now))
        guard let persisted = try await persist(status, of: object, key: key, budget) else {
            // Our own write may have arrived after it was cut off, while nothing is heard of it.
            if budget?.isSpent(at: .now) == true, let result = await pauseKept(key) { return result }
            return .after(.milliseconds(50))
        }
        metrics.note(decision.record, after: record, status, key)
        tell(decision, about: persisted)
        if decision.record.outbox != nil { await notify(key) }

        visit.record = decision.record
        try await perform(decision, visit, object: persisted, key: key, PauseBudget(decision.record))
        guard let wake = decision.wake.map({ Duration.seconds($0) }) else { return .done }
        return .after(PauseBudget(decision.record)?.wake(wake, at: .now) ?? wake)
    }

    private func observe(_ object: DatabaseMigration, _ visit: VisitContext, _ budget: PauseBudget?) async -> Observation {
        guard let budget else { return await observer.observe(object, visit) }
        return await budget.looking(at: .now) { await observer.observe(object, visit) }
    }

    private func persist(
        _ status: DatabaseMigrationStatus, of object: DatabaseMigration, key: ObjectKey, _ budget: PauseBudget?
    ) async throws -> DatabaseMigration? {
        guard let budget else { return try await persist(status, of: object, key: key) }
        return try await budget.writing(at: .now) { try await persist(status, of: object, key: key) }
    }

    /// Writes the status unless it is already there.
    /// - Returns: the object to go on with; `nil` when somebody else changed it since it was read: this decision is void.
    private func persist(_ status: DatabaseMigrationStatus, of object: DatabaseMigration, key: ObjectKey) async throws -> DatabaseMigration? {
        guard status != object.status else { return object }
        do throws(KubernetesError) {
            var written = object
            written.metadata.resourceVersion = try await client.replaceStatus(of: object, with: status)
            written.status = status
            store.observe(written)
            return written
        } catch {
            guard error.kind == .conflict || error.kind == .notFound else { throw error }
            logger.debug("the object changed while it was looked at", metadata: ["migration": "\(key)"])
            // The watch tells soon, unless it has stalled. Failing that, the next conflict asks again.
            try? await store.refresh(key, from: client)
            return nil
        }
    }

    private func tell(_ decision: Decision, about object: DatabaseMigration) {
        for notice in decision.notices {
            events.record(
                EventNotice(
                    notice.kind == .warning ? .warning : .normal, reason: notice.reason.rawValue, action: decision.record.phase.rawValue,
                    note: notice.note,
                    subject: .init(object)))
            logger.info("\(notice.note)", metadata: ["migration": "\(object.namespace ?? "")/\(object.name)", "reason": "\(notice.reason.rawValue)"])
        }
    }

    private func perform(
        _ decision: Decision, _ visit: VisitContext, object: DatabaseMigration, key: ObjectKey, _ budget: PauseBudget?
    ) async throws {
        guard let budget else { return try await perform(decision, visit, object: object, key: key) }
        try await budget.acting(at: .now) { try await perform(decision, visit, object: object, key: key) }
    }

    private func perform(_ decision: Decision, _ visit: VisitContext, object: DatabaseMigration, key: ObjectKey) async throws {
        for action in decision.actions {
            // Every few seconds while a copy runs: no news.
            let level: Logger.Level = action == .keepSnapshots ? .debug : .info
            logger.log(
                level: level, "performing", metadata: ["migration": "\(key)", "action": "\(action)", "phase": "\(decision.record.phase.rawValue)"])
            do {
                let written = try await performer.perform(action, visit, object: object)
                // Our own writes are seen before the next decision, whether or not the watch has delivered them.
                if let written { store.observe(written) }
                // Gone with the last finalizer: the answer to that write keeps the old version, so the store would not take it for news.
                if action == .releaseFinalizer, written?.metadata.finalizers?.isEmpty ?? true { store.remove(object) }
                failures.succeeded(action, key: key)
            } catch {
                logger.warning("action failed", metadata: ["migration": "\(key)", "action": "\(action)", "error": "\(error)"])
                failures.failed(action, "\(error)", key: key)
                metrics.actionFailed(in: decision.record.phase, key)
                throw error
            }
        }
    }

    /// The record cannot be read: nothing is decided, nothing is written over it, and the status says so.
    private func stateLost(_ object: DatabaseMigration, _ cause: Record.Cause) async throws -> ReconcileResult {
        let status = StatusBuilder.stateLost(previous: object.status, generation: object.metadata.generation ?? 0, cause: cause, now: .now)
        _ = try await persist(status, of: object, key: ObjectKey(object))
        return .done
    }
}

extension Timestamp {
    static var now: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
}
