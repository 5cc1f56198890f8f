/// Puts a Pod on a Node: created at `pods/binding`.
public struct Binding: KubernetesObject {
    public static let resource = APIResource(group: "", version: "v1", plural: "bindings", kind: "Binding")

    public var metadata: ObjectMeta
    public var target: ObjectReference

    public init(metadata: ObjectMeta = ObjectMeta(), target: ObjectReference) {
        self.metadata = metadata
        self.target = target
    }
}
