import FoundationEssentials
import Glibc

/// A file that a kubeconfig consists of or names: small, or somebody named the wrong one.
enum SmallFile {
    /// A kubeconfig of hundreds of clusters has less than a tenth of this.
    static let limit = 4 << 20

    /// Why a file could not be used, in a few words: `is missing`, `cannot be read: Permission denied`.
    struct Problem: Error {
        var isMissing = false
        var text: String
    }

    /// The whole file. Pipes work too (`--kubeconfig <(…)`), and a device without an end does not fill the memory.
    static func read(_ path: String) throws(Problem) -> Data {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw problem(errno) }
        defer { close(descriptor) }
        var data = Data()
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return data }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw problem(errno) }
            data.append(contentsOf: piece[..<count])
            guard data.count <= limit else { throw Problem(text: "is larger than \(limit >> 20) MiB") }
        }
    }

    private static func problem(_ code: Int32) -> Problem {
        if code == ENOENT { return Problem(isMissing: true, text: "is missing") }
        return Problem(text: "cannot be read: \(unsafe String(cString: strerror(code)))")
    }
}
