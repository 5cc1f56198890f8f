/// What a dev cluster is started with.
public struct DevClusterOptions: Codable, Sendable, Hashable {
    /// Tells clusters of one user apart.
    public var name: String
    /// Which local executables stand in for which images.
    public var images: ImageMap
    /// How long the whole start may take, in seconds.
    public var deadlineSeconds: Int
    /// Whose `initdb` and `postgres` the two servers are.
    public var postgres: PostgresFolders
    /// A database server or control plane program that ends is started again, instead of ending the cluster. etcd is not: its data is in memory.
    public var restartsComponents: Bool
    /// How late a change of a mounted Secret or ConfigMap arrives at most, in seconds.
    public var volumeSeconds: Int

    /// - Parameters:
    ///   - name: 1 to 40 lower case letters, digits and `-`.
    ///   - images: empty by default: every image is then unknown and its pods stay in ErrImagePull.
    ///   - postgres: the machine's own for both by default.
    ///   - deadlineSeconds: 120 by default; a start takes about 10.
    ///   - restartsComponents: false by default.
    ///   - volumeSeconds: 60 by default, as with a kubelet.
    public init(
        name: String = "default", images: ImageMap = ImageMap(), postgres: PostgresFolders = PostgresFolders(), deadlineSeconds: Int = 120,
        restartsComponents: Bool = false, volumeSeconds: Int = 60
    ) {
        self.name = name
        self.images = images
        self.postgres = postgres
        self.deadlineSeconds = deadlineSeconds
        self.restartsComponents = restartsComponents
        self.volumeSeconds = volumeSeconds
    }
}

/// The folders with the programs of the two servers; `nil`: the machine's own.
public struct PostgresFolders: Codable, Sendable, Hashable {
    public var source: String?
    public var target: String?

    public init(source: String? = nil, target: String? = nil) {
        self.source = source
        self.target = target
    }
}
