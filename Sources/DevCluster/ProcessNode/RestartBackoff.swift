/// When a container that ended is started again: at once the first time, then after 1 s, 2 s, 4 s … as a kubelet does, whose
/// base is 10 s and whose longest pause is 5 min; a dev cluster is in more of a hurry.
struct RestartBackoff: Sendable, Hashable {
    static let base: Duration = .seconds(1)
    static let longest: Duration = .seconds(30)
    /// A container that ran this long starts over with no pause.
    static let calm: Duration = .seconds(10)

    private(set) var failures = 0

    /// The pause before the next start of a container that ran for this long.
    mutating func pause(afterRunning duration: Duration) -> Duration {
        if duration >= Self.calm { failures = 0 }
        defer { failures += 1 }
        guard failures > 0 else { return .zero }
        return min(Self.base * (1 << min(failures - 1, 10)), Self.longest)
    }
}

/// Whether a container that ended is started again.
enum RestartPolicy: String, Sendable {
    case always = "Always"
    case onFailure = "OnFailure"
    case never = "Never"

    /// An unknown or missing policy means the API's default, `Always`.
    init(_ text: String?) { self = text.flatMap(Self.init(rawValue:)) ?? .always }

    func restarts(afterExitCode code: Int) -> Bool {
        switch self {
        case .always: true
        case .onFailure: code != 0
        case .never: false
        }
    }
}
