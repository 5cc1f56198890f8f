import CCurl
import FoundationEssentials
import Glibc
import Synchronization

/// The thread that runs all transfers of one client.
///
/// Other threads only post commands and wake it; libcurl's handles never leave it.
final class TransferLoop: Sendable {
    enum Command: Sendable {
        case start(Transfer)
        case resume(Transfer)
        case abandon(Transfer)
        case stop
    }

    private let inbox: Inbox

    /// - Parameter isShared: whether its requests share connections.
    init(isShared: Bool) {
        inbox = Inbox(isShared: isShared)
        let context = unsafe Unmanaged.passRetained(inbox).toOpaque()
        var thread = pthread_t()
        let code = unsafe pthread_create(&thread, nil, { unsafe TransferLoop.main($0) }, context)
        if code == 0 {
            pthread_detach(thread)
        } else {
            unsafe Unmanaged<Inbox>.fromOpaque(context).release()
            inbox.refuse("no thread for HTTP transfers: error \(code)")
        }
    }

    func post(_ command: Command) { inbox.post(command) }

    /// Whether its connections to a server may be shared, as far as is known.
    func allows(_ url: String) -> Bool { inbox.shared.withLock { $0.allows(url, now: .now) } }

    /// Notes that a request's shared connection may have died.
    func blame(_ transfer: Transfer) { inbox.blame(transfer) }

    deinit { inbox.post(.stop) }

    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
        guard let context = unsafe context else { return nil }
        let inbox = unsafe Unmanaged<Inbox>.fromOpaque(context).takeRetainedValue()
        var running = RunningTransfers(multi: inbox.multi, isShared: inbox.isShared, blame: inbox.blame)
        while running.step(inbox.take()) {}
        inbox.refuse("the HTTP client was stopped")
        running.abandonAll()
        return nil
    }
}

/// Commands from every thread to the loop's thread, and the way to wake it.
final class Inbox: Sendable {
    private struct State {
        var commands: [TransferLoop.Command] = []
        var refusal: String?
    }

    private let state = Mutex(State())
    let multi = Multi()
    let isShared: Bool
    let shared = Mutex(SharedConnections())

    init(isShared: Bool) { self.isShared = isShared }

    /// Hands over everything posted since the last call.
    func take() -> [TransferLoop.Command] {
        state.withLock { state in
            defer { state.commands = [] }
            return state.commands
        }
    }

    func post(_ command: TransferLoop.Command) {
        let refusal = state.withLock { state in
            if state.refusal == nil { state.commands.append(command) }
            return state.refusal
        }
        if let refusal { Self.fail(command, refusal) } else { multi.wake() }
    }

    func blame(_ transfer: Transfer) { shared.withLock { $0.blame(transfer.request.url, now: .now) } }

    /// From now on nothing is accepted; what was posted and not yet taken fails.
    func refuse(_ reason: String) {
        let left = state.withLock { state in
            defer { state.commands = [] }
            state.refusal = reason
            return state.commands
        }
        for command in left { Self.fail(command, reason) }
    }

    private static func fail(_ command: TransferLoop.Command, _ reason: String) {
        guard case .start(let transfer) = command else { return }
        transfer.fail(.other, reason)
    }
}

/// The owner of libcurl's multi handle.
@safe
final class Multi: @unchecked Sendable {  // proof: `handle` never changes, and other threads only call curl_multi_wakeup, which is thread-safe
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    let handle: UnsafeMutableRawPointer?

    init() { unsafe handle = Self.isReady ? curl_multi_init() : nil }

    deinit { _ = unsafe curl_multi_cleanup(handle) }

    func wake() {
        if let handle = unsafe handle { _ = unsafe curl_multi_wakeup(handle) }
    }
}
