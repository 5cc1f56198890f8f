/// What a dev cluster is started with.
public struct DevClusterOptions: Codable, Sendable, Hashable {
    /// Tells clusters of one user apart.
    public var name: String
    /// Which local executables stand in for which images.
    public var images: ImageMap
    /// How long the whole start may take, in seconds.
    public var deadlineSeconds: Int
    /// A database server or control plane program that ends is started again, instead of ending the cluster. etcd is not: its data is in memory.
    public var restartsComponents: Bool

    /// - Parameters:
    ///   - name: 1 to 40 lower case letters, digits and `-`.
    ///   - images: empty by default: every image is then unknown and its pods stay in ErrImagePull.
    ///   - deadlineSeconds: 120 by default; a start takes about 10.
    ///   - restartsComponents: false by default.
    public init(name: String = "default", images: ImageMap = ImageMap(), deadlineSeconds: Int = 120, restartsComponents: Bool = false) {
        self.name = name
        self.images = images
        self.deadlineSeconds = deadlineSeconds
        self.restartsComponents = restartsComponents
    }
}
