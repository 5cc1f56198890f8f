import KubernetesModel

/// What is known of one container.
struct ContainerProgress: Sendable, Hashable {
    enum State: Sendable, Hashable {
        case waiting(reason: String, message: String?)
        case running(since: Time)
        case terminated(ContainerTerminated)
    }

    let name: String
    let image: String
    var state: State = .waiting(reason: "ContainerCreating", message: nil)
    /// How the run before the current state ended.
    var lastTermination: ContainerTerminated?
    /// Starts after the first.
    var restarts = 0
    /// Runs so far; distinguishes their logs.
    var runs = 0
    /// The startup probe's verdict; true at once for a container without one.
    var hasStarted = false
    /// The readiness probe's verdict.
    var isReady = false
    /// It ended and will not be started again.
    var isFinished = false

    init(_ container: Container) {
        name = container.name
        image = container.image ?? ""
    }

    var isRunning: Bool { if case .running = state { true } else { false } }

    /// How it ended, once it has ended for good.
    var finalTermination: ContainerTerminated? {
        guard isFinished, case .terminated(let termination) = state else { return nil }
        return termination
    }

    mutating func started(at time: Time, needsStartupProbe: Bool, needsReadinessProbe: Bool) {
        state = .running(since: time)
        restarts = runs
        runs += 1
        hasStarted = !needsStartupProbe
        isReady = !needsReadinessProbe && !needsStartupProbe
    }

    mutating func ended(_ termination: ContainerTerminated, willRestart: Bool) {
        state = .terminated(termination)
        isReady = false
        hasStarted = false
        isFinished = !willRestart
    }

    /// Between a run that ended and the next one.
    mutating func waits(reason: String, message: String) {
        if case .terminated(let termination) = state { lastTermination = termination }
        state = .waiting(reason: reason, message: message)
    }

    /// The next run begins: the end of the one before becomes history.
    mutating func prepareRestart() {
        if case .terminated(let termination) = state { lastTermination = termination }
    }

    func status(podUID: String) -> ContainerStatus {
        let current: ContainerState =
            switch state {
            case .waiting(let reason, let message): ContainerState(waiting: ContainerWaiting(reason: reason, message: message))
            case .running(let since): ContainerState(running: ContainerRunning(startedAt: since))
            case .terminated(let termination): ContainerState(terminated: termination)
            }
        return ContainerStatus(
            name: name, state: current, lastState: ContainerState(terminated: lastTermination), ready: isReady && isRunning,
            started: hasStarted && isRunning,
            restartCount: restarts, image: image, imageID: runs > 0 ? "process://\(image)" : "",
            containerID: runs > 0 ? Self.identifier(podUID: podUID, name: name, run: runs) : "")
    }

    static func identifier(podUID: String, name: String, run: Int) -> String { "process://\(podUID)-\(name)-\(run)" }
}
