import StructuredData
import Testing

@testable import KubernetesClient

@Suite("fields that did not come back")
struct DroppedFieldsTests {
    @Test(
        "what was sent with content and is missing",
        arguments: [
            (["spec": ["a": 1, "b": ["c": "x"]]], ["spec": ["a": 2]], [".spec.b"]),
            (["list": [["a": 1, "typo": true], ["a": 1]]], ["list": [["a": 1], ["a": 1]]], [".list[0].typo"]),
            (["empty": "", "zero": 0, "no": false, "none": [], "nothing": ["deep": [:]], "gone": nil], [:], []),
            (["list": [1, 2]], ["list": [1, 2, 3]], []),
            (["stringData": ["k": "v"], "stringDatum": ["k": "v"]], ["data": ["k": "dg=="]], [".stringDatum"]),
            (["cpu": "1000m"], ["cpu": "1", "more": 1], []),
        ] as [(JSONValue, JSONValue, [String])])
    func dropped(sent: JSONValue, returned: JSONValue, paths: [String]) {
        #expect(DroppedFields.paths(sent: sent, returned: returned) == paths)
    }
}
