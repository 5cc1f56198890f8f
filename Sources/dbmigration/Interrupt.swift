// Dispatch sources may be used from any thread; the module does not say so.
@unsafe @preconcurrency import Dispatch
import Glibc

/// Ctrl-C and SIGTERM as something to wait for, instead of an end on the spot.
final class Interrupt: Sendable {
    private let signals: AsyncStream<Void>

    init() {
        let (signals, continuation) = AsyncStream<Void>.makeStream()
        self.signals = signals
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { continuation.yield() }
            source.resume()
            return source
        }
        // The stream owns the sources: they are cancelled when nobody can wait any more.
        continuation.onTermination = { _ in for source in sources { source.cancel() } }
    }

    /// Returns at the first signal.
    func wait() async {
        for await _ in signals { return }
    }
}
