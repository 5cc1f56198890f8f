/// Why a measurement has no result.
public enum BenchmarkError: Error, CustomStringConvertible {
    case noPause
    case nothingArrived(String, within: Duration)
    case lanes(Int, wanted: Int)
    case program(String, output: String)
    case incomplete(String)
    case ended(String)

    public var description: String {
        switch self {
        case .noPause: "status tells of no write pause"
        case .nothingArrived(let database, let time): "no transaction arrived in \(database) within \(time)"
        case .lanes(let made, let wanted): "\(made) lanes were made instead of \(wanted)"
        case .program(let command, let output): "\(command) failed: \(output)"
        case .ended(let program): "\(program) ended before it was stopped"
        case .incomplete(let difference): "the copy is incomplete: \(difference)"
        }
    }
}
