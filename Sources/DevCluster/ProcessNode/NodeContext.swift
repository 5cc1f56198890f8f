import KubernetesClient
import Logging

/// What every pod of the node needs.
struct NodeContext: Sendable {
    let client: KubernetesClient
    let folder: StateFolder
    let images: ImageMap
    /// Folders in front of every pod's PATH.
    let searchPath: [String]
    /// The longest delay of a change of a mounted volume, in seconds.
    let volumeSeconds: Int
    let logger: Logger
}
