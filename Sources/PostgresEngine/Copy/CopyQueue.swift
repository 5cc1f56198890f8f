import MigrationCore

/// Hands out the steps of a ``CopyOrder`` to lanes of work, and wakes those that wait for one.
actor CopyQueue {
    private var order: CopyOrder
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ order: CopyOrder) { self.order = order }

    func work(_ table: CopyOrder.TableID) -> TableWork { order.work(table) }
    func database(of table: CopyOrder.TableID) -> CopyOrder.DatabaseID { order.database(of: table) }

    /// `nil` when no rows are left to copy.
    func nextRows(where isAtHand: @Sendable (CopyOrder.Rows) -> Bool) -> CopyOrder.Rows? { order.nextRows(where: isAtHand) }

    /// Waits until something can be done; `nil` when everything is.
    func nextStep() async throws -> CopyOrder.Step? {
        while true {
            try Task.checkCancellation()
            if let step = order.nextStep() { return step }
            if order.isFinished { return nil }
            await wait()
        }
    }

    func copied(_ rows: CopyOrder.Rows) {
        order.copied(rows)
        wake()
    }

    func done(_ step: CopyOrder.Step, adding keys: [[ForeignKey]] = []) {
        order.done(step, adding: keys)
        wake()
    }

    private func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { continuation.resume() } else { waiting.append(continuation) }
            }
        } onCancel: {
            Task { await wake() }
        }
    }

    private func wake() {
        for continuation in waiting { continuation.resume() }
        waiting = []
    }
}
