/// Runs `operation` and cancels it at `deadline`.
///
/// - Throws: what `operation` throws; ``DeadlinePassed`` when it was still running at the deadline and gave up because of that.
public func withDeadline<Value: Sendable>(
    _ deadline: ContinuousClock.Instant, _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    try await withThrowingTaskGroup(of: Value.self) { group in
        group.addTask { try await operation() }
        group.addTask {
            try await ContinuousClock().sleep(until: deadline)
            throw DeadlinePassed()
        }
        defer { group.cancelAll() }
        guard let value = try await group.next() else { throw CancellationError() }
        return value
    }
}

/// Runs `operation`, which is told to stop at `deadline`, and returns what it makes of that.
public func stopped<Value: Sendable>(at deadline: ContinuousClock.Instant, _ operation: @escaping @Sendable () async -> Value) async -> Value {
    let task = Task { await operation() }
    let timer = Task {
        try await ContinuousClock().sleep(until: deadline)
        task.cancel()
    }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
        await task.value
    } onCancel: {
        task.cancel()
    }
}

struct DeadlinePassed: Error, CustomStringConvertible {
    var description: String { "no answer in time" }
}

/// Waits until `task` has ended, at most `limit`; the waiting itself cannot be cancelled. Returns whether it has ended.
///
/// For tasks that might ignore their cancellation; they are left behind, because the process ends next.
func ended<Value: Sendable, Failure: Error>(_ task: Task<Value, Failure>, within limit: Duration) async -> Bool {
    await Task {
        let (answers, report) = AsyncStream<Bool>.makeStream()
        let watcher = Task {
            _ = await task.result
            report.yield(true)
        }
        let timer = Task {
            try? await ContinuousClock().sleep(for: limit)
            report.yield(false)
        }
        defer {
            watcher.cancel()
            timer.cancel()
        }
        for await answer in answers { return answer }
        return false
    }.value
}
