import FoundationEssentials
import Glibc

/// A volume's folder as a kubelet keeps it: the files live in a folder with a new name for every version, `..data` is a link to the
/// current one and is swapped atomically, and the visible names are links through `..data`. Readers see all of a version or none.
struct VolumeFolder: Sendable {
    let path: String

    /// Replaces the content. Unchanged content must not be written: every call is a new version.
    func write(_ content: VolumeContent, version: Int) throws {
        let manager = FileManager.default
        let current = "..version_\(version)"
        try StateFolder.makeFolder("\(path)/\(current)", mode: 0o755)
        for (name, file) in content.files {
            let target = "\(path)/\(current)/\(name)"
            if let slash = target.lastIndex(of: "/") { try StateFolder.makeFolder(String(target[..<slash]), mode: 0o755) }
            try Files.write(file.data, to: target, mode: file.mode)
        }
        let previous = try? manager.destinationOfSymbolicLink(atPath: "\(path)/..data")
        try manager.createSymbolicLink(atPath: "\(path)/..data_tmp", withDestinationPath: current)
        guard unsafe rename("\(path)/..data_tmp", "\(path)/..data") == 0 else {
            throw CocoaError(.fileWriteUnknown, userInfo: ["path": "\(path)/..data"])
        }
        try updateVisibleNames(Set(content.files.keys.compactMap { $0.split(separator: "/").first.map(String.init) }))
        if let previous { try? manager.removeItem(atPath: "\(path)/\(previous)") }
    }

    private func updateVisibleNames(_ names: Set<String>) throws {
        let manager = FileManager.default
        let present = Set(try manager.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix("..") })
        for name in names.subtracting(present) { try manager.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: "..data/\(name)") }
        for name in present.subtracting(names) { try manager.removeItem(atPath: "\(path)/\(name)") }
    }
}
