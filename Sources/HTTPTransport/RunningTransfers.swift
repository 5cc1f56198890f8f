import CCurl
import FoundationEssentials

/// The transfers inside libcurl; lives on the loop's thread alone.
@safe
struct RunningTransfers {
    /// Without an event the loop still looks again after this time; libcurl itself asks for shorter waits when it has timers.
    private static let longestWait: Int32 = 60_000

    private let multi: Multi
    private var transfers: [ObjectIdentifier: EasyTransfer] = [:]
    private var byHandle: [UInt: ObjectIdentifier] = [:]
    private let isShared: Bool
    private let blame: (Transfer) -> Void

    /// - Parameters:
    ///   - isShared: whether requests share connections, over HTTP/2.
    ///   - blame: told a request whose shared connection has died, before its reader hears of it.
    init(multi: Multi, isShared: Bool, blame: @escaping (Transfer) -> Void) {
        self.multi = multi
        self.isShared = isShared
        self.blame = blame
    }

    /// Obeys the commands, lets libcurl work, hands out results and waits for the next event.
    /// - Returns: `false` after the stop command.
    mutating func step(_ commands: [TransferLoop.Command]) -> Bool {
        for command in commands {
            switch command {
            case .start(let transfer): start(transfer)
            case .resume(let transfer): transfers[ObjectIdentifier(transfer)]?.resume()
            case .abandon(let transfer): remove(ObjectIdentifier(transfer))
            case .stop: return false
            }
        }
        guard let handle = unsafe multi.handle else { return false }
        var running: Int32 = 0
        _ = unsafe curl_multi_perform(handle, &running)
        var result = CURLE_OK
        while let easy = unsafe ccurl_next_finished(handle, &result) {
            if let id = byHandle[UInt(bitPattern: easy)] {
                if isShared, let transfer = transfers[id]?.transfer, result.saysConnectionDied { blame(transfer) }
                transfers[id]?.finish(result)
                remove(id)
            }
        }
        _ = unsafe curl_multi_poll(handle, nil, 0, Self.longestWait, nil)
        return true
    }

    mutating func abandonAll() {
        for id in Array(transfers.keys) {
            transfers[id]?.transfer.fail(.other, "the HTTP client was stopped")
            remove(id)
        }
    }

    private mutating func start(_ transfer: Transfer) {
        guard let multi = unsafe multi.handle, let easy = EasyTransfer(transfer, isShared: isShared) else {
            transfer.fail(.other, "libcurl could not be set up")
            return
        }
        if let problem = easy.configure() {
            transfer.end(.failure(problem))
            return
        }
        let id = ObjectIdentifier(transfer)
        transfers[id] = easy
        unsafe byHandle[UInt(bitPattern: easy.handle)] = id
        let code = unsafe curl_multi_add_handle(multi, easy.handle)
        if code != CURLM_OK {
            transfer.fail(.other, "libcurl refused the transfer")
            remove(id)
        }
    }

    private mutating func remove(_ id: ObjectIdentifier) {
        guard let easy = transfers.removeValue(forKey: id) else { return }
        unsafe byHandle[UInt(bitPattern: easy.handle)] = nil
        _ = unsafe curl_multi_remove_handle(multi.handle, easy.handle)
    }
}
