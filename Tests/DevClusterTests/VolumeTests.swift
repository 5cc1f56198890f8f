import FoundationEssentials
import KubernetesModel
import StructuredData
import Testing

@testable import DevCluster

@Suite("Volumes")
struct VolumeTests {
    let pod = Pod(metadata: ObjectMeta(name: "p", namespace: "n", uid: "u"))
    let inputs = PodInputs(secrets: ["s": ["a": Data("1".utf8), "b": Data("2".utf8)]], configMaps: ["ca": ["ca.crt": Data("PEM".utf8)]])

    func content(_ volume: Volume, tokens: VolumeContent.Tokens = [:]) throws -> VolumeContent? {
        try VolumeContent.of(volume, pod: pod, podIP: "10.244.0.1", inputs: inputs, tokens: tokens)
    }

    @Test("A Secret's keys are files; items choose, rename and set modes")
    func secret() throws {
        let all = try content(Volume(name: "v", secret: SecretVolume(secretName: "s")))
        #expect(all?.files.keys.sorted() == ["a", "b"] && all?.files["a"]?.mode == 0o644)
        let one = try content(Volume(name: "v", secret: SecretVolume(secretName: "s", items: [KeyToPath(key: "b", path: "x/y", mode: 0o400)])))
        #expect(one?.files == ["x/y": .init(data: Data("2".utf8), mode: 0o400)])
    }

    @Test("The volume every pod gets: token, authority, namespace")
    func projected() throws {
        let token = ServiceAccountTokenProjection(expirationSeconds: 3607, path: "token")
        let volume = Volume(
            name: "api",
            projected: ProjectedVolume(sources: [
                VolumeProjection(serviceAccountToken: token), VolumeProjection(configMap: ConfigMapVolume(name: "ca")),
                VolumeProjection(
                    downwardAPI: DownwardAPIVolume(items: [
                        DownwardAPIFile(path: "namespace", fieldRef: FieldSelector(fieldPath: "metadata.namespace"))
                    ])),
            ]))
        let files = try content(volume, tokens: [token: "T"])?.files.mapValues { String(decoding: $0.data, as: UTF8.self) }
        #expect(files == ["token": "T", "ca.crt": "PEM", "namespace": "n"])
    }

    @Test("emptyDir has no content of ours; hostPath is refused; a missing Secret is named")
    func others() throws {
        #expect(try content(Volume(name: "v", emptyDir: [:])) == nil)
        #expect(throws: PodInputError.self) { try content(Volume(name: "v", hostPath: ["path": "/"])) }
        #expect(throws: PodInputError.objectMissing(kind: "secret", name: "t")) {
            try content(Volume(name: "v", secret: SecretVolume(secretName: "t")))
        }
        #expect(try content(Volume(name: "v", secret: SecretVolume(secretName: "t", optional: true)))?.files.isEmpty == true)
    }

    @Test("A new version replaces the old one as a whole, through ..data")
    func swap() throws {
        let folder = FileManager.default.temporaryDirectory.path() + "/volume-test-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try StateFolder.makeFolder(folder, mode: 0o755)
        let volume = VolumeFolder(path: folder)
        let file = { (text: String) in VolumeContent.File(data: Data(text.utf8), mode: 0o644) }
        try volume.write(VolumeContent(files: ["a": file("1"), "b": file("2")]), version: 1)
        #expect(Files.text(folder + "/a") == "1" && Files.text(folder + "/b") == "2")
        try volume.write(VolumeContent(files: ["a": file("3"), "c/d": file("4")]), version: 2)
        #expect(Files.text(folder + "/a") == "3" && Files.text(folder + "/b") == nil && Files.text(folder + "/c/d") == "4")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["..data", "..version_2", "a", "c"])
    }
}
