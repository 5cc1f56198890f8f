import Foundation
import MigrationCore
import StructuredData
import Testing

@testable import MigrationAPI

@Suite("Generated documents and shipped manifests")
struct DocumentAndManifestTests {
    @Test("docs/conditions.md is what the code says (UPDATE_GOLDEN=1 rewrites it)")
    func conditionsDocument() throws {
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try Data(ConditionsDocument.render().utf8).write(to: Repository.root.appending(path: "docs/conditions.md"))
        }
        #expect(try Repository.text("docs/conditions.md") == ConditionsDocument.render())
    }

    @Test("every reason is explained")
    func reasons() {
        for reason in Reason.allCases {
            #expect(reason.meaning.hasSuffix(".") && reason.remedy.hasSuffix("."), "\(reason.rawValue)")
            #expect(!reason.meaning.contains("|") && !reason.remedy.contains("|"), "\(reason.rawValue)")
        }
    }

    @Test("samples fit the schema and make a plan")
    func samples() throws {
        let schema = try Repository.schema()
        let files = try Repository.yamlFiles(below: "manifests/samples").filter { !$0.hasSuffix("kustomization.yaml") }
        #expect(!files.isEmpty)
        for file in files {
            for document in try Repository.documents(file) {
                #expect(PlanBuilder.lint(document) == [], "\(file)")
                #expect(StructuralSchema.complaints(document["spec"] ?? .null, schema["properties"]?["spec"] ?? .null, "spec") == [], "\(file)")
            }
        }
    }

    @Test("the roles name what they allow")
    func roles() throws {
        for file in try Repository.yamlFiles(below: "manifests/rbac") {
            for document in try Repository.documents(file) {
                for rule in document["rules"]?.array ?? [] {
                    for key in ["apiGroups", "resources", "verbs"] {
                        let words = (rule[key]?.array ?? []).compactMap(\.string)
                        #expect(!words.isEmpty && !words.contains { $0.contains("*") }, "\(file): \(rule)")
                    }
                }
            }
        }
    }

    @Test("the controller's pod meets PodSecurity restricted")
    func podSecurity() throws {
        let pod = try #require(Repository.documents("manifests/manager/deployment.yaml").first?["spec"]?["template"]?["spec"])
        #expect(pod["securityContext"]?["runAsNonRoot"] == true)
        #expect(pod["securityContext"]?["seccompProfile"]?["type"] == "RuntimeDefault")
        for container in try #require(pod["containers"]?.array) {
            #expect(container["securityContext"]?["allowPrivilegeEscalation"] == false)
            #expect(container["securityContext"]?["capabilities"]?["drop"] == ["ALL"])
        }
    }
}
