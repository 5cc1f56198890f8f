import FoundationEssentials

/// The reader's side of a transfer. Dropping it aborts the transfer.
final class TransferHandle: Sendable {
    private let transfer: Transfer
    private let loop: TransferLoop

    init(transfer: Transfer, loop: TransferLoop) {
        self.transfer = transfer
        self.loop = loop
    }

    deinit { loop.post(.abandon(transfer)) }

    func head() async throws(HTTPError) -> HTTPHead {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                transfer.waitForHead(waiter)
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    func nextChunk() async throws(HTTPError) -> Data? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                transfer.waitForChunk(waiter) { loop.post(.resume(transfer)) }
            }
        } onCancel: {
            cancel()
        }
        return try result.get()
    }

    private func cancel() {
        // Before the reader goes on: its next request has to know already.
        if transfer.isSilent { loop.blame(transfer) }
        transfer.fail(.cancelled, "the calling task was cancelled")
        loop.post(.abandon(transfer))
    }
}
