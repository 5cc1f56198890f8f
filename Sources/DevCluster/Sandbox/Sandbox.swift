import FoundationEssentials
import Glibc
import Subprocess

/// The namespaces a dev cluster lives in: network, mounts and processes, and for everybody but root a user namespace.
enum Sandbox {
    static let tools = ["unshare", "nsenter", "setpriv", "ip", "mount", "openssl"]

    static var isRoot: Bool { geteuid() == 0 }

    private static var flags: [String] {
        // Not --map-root-user: PostgreSQL refuses to run as uid 0.
        (isRoot ? [] : ["--user", "--map-current-user", "--keep-caps"]) + ["--net", "--mount", "--pid", "--fork", "--kill-child"]
    }

    /// The command line that runs `command` as a sandbox's supervisor.
    static func command(folder: StateFolder, attached: Bool, supervisor: [String]) -> [String] {
        ["unshare"] + flags + ["sh", folder.sandboxScript, folder.path, attached ? "attached" : "detached", Addresses.all.joined(separator: " ")]
            + supervisor
    }

    /// The command line that runs `command` inside an existing sandbox.
    static func enter(_ holder: NamespaceHolder, _ command: [String]) -> [String] {
        ["nsenter", "--preserve-credentials", "--target", "\(holder.process)"] + (isRoot ? [] : ["--user"])
            + ["--net", "--mount", "--pid", "--wdns=\(FileManager.default.currentDirectoryPath)", "--"] + command
    }

    /// Finds out whether this machine allows what the sandbox needs, without leaving anything behind.
    ///
    /// - Throws: `DevClusterError.missing`, `DevClusterError.sandboxRefused`.
    static func check() async throws {
        for tool in tools {
            do {
                try await Command.run(["sh", "-c", #"command -v "$1""#, "sh", tool])
            } catch {
                throw DevClusterError.missing(what: "the program \(tool)", remedy: "install the packages util-linux, mount, iproute2 and openssl")
            }
        }
        let trial = "set -e; mount -n -t proc proc /proc; ip link set lo up; mount -n -t tmpfs tmpfs /run"
        do {
            try await Command.run(["unshare"] + flags + ["sh", "-c", trial])
        } catch DevClusterError.commandFailed(_, let status, let output) {
            throw DevClusterError.sandboxRefused(answer: "\(output.trimmedLines) (\(status))")
        }
    }
}

extension String {
    var trimmedLines: String { split(whereSeparator: \.isNewline).joined(separator: "; ") }
}
