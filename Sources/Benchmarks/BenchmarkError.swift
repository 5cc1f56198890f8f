/// Why a measurement has no result.
public enum BenchmarkError: Error, CustomStringConvertible {
    case noPause

    public var description: String {
        switch self {
        case .noPause: "status tells of no write pause"
        }
    }
}
