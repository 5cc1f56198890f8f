import Foundation
import Testing

@Suite("The architecture holds")
struct ArchitectureTests {
    @Test("modules import only downward, and what is theirs to import")
    func imports() throws {
        for file in try SourceTree.files("Sources") {
            for (number, line) in file.lines.enumerated() {
                guard let other = SourceTree.imported(line), let objection = Layers.objection(file.module, imports: other) else { continue }
                Issue.record("\(file.path):\(number + 1): \(objection)")
            }
        }
    }

    @Test("no test imports a C library, but the one that compares us with it")
    func testImports() throws {
        for file in try SourceTree.files("Tests") where !file.path.hasSuffix("/LibpqAgreementTests.swift") {
            for (number, line) in file.lines.enumerated() {
                guard let other = SourceTree.imported(line), Layers.all[0].contains(other) else { continue }
                Issue.record("\(file.path):\(number + 1): \(other) has a module of its own that wraps it")
            }
        }
    }

    @Test("every module of Package.swift has a layer and a folder, and every folder is a module")
    func modules() throws {
        let package = try String(contentsOf: SourceTree.root.appendingPathComponent("Package.swift"), encoding: .utf8)
        let declared = Set(
            package.matches(of: /(?:\.target\(name: |\.executableTarget\(\s*name: |[^a-z]module\(\s*)"([^"]+)"/).map { String($0.output.1) }
        )
        // What tests share is no part of the product.
        .subtracting(["TestServers"])
        let folders = try FileManager.default.contentsOfDirectory(atPath: SourceTree.root.appendingPathComponent("Sources").path)
        #expect(declared == Layers.all.reduce(into: Set()) { $0.formUnion($1) })
        #expect(declared == Set(folders))
    }

    @Test("no file is longer than 400 lines", arguments: ["Sources", "Tests"])
    func length(folder: String) throws {
        for file in try SourceTree.files(folder) where file.lines.count > 401 {
            Issue.record("\(file.path) has \(file.lines.count - 1) lines")
        }
    }

    @Test("nothing crashes on purpose, and nothing is left for later")
    func forbidden() throws {
        let words = ["fatalError" + "(", "try" + "!", "as" + "!", "TO" + "DO", "FIX" + "ME"]
        for file in try SourceTree.files("Sources") {
            for (number, line) in file.lines.enumerated() {
                for word in words where line.contains(word) {
                    Issue.record("\(file.path):\(number + 1): \(word)")
                }
            }
        }
    }

    @Test("the rules themselves can fail")
    func objections() {
        #expect(Layers.objection("MigrationCore", imports: "Foundation") != nil)
        #expect(Layers.objection("StructuredData", imports: "FoundationEssentials") == nil)
        #expect(Layers.objection("YAML", imports: "KubernetesModel") != nil)
        #expect(Layers.objection("KubernetesClient", imports: "CCurl") != nil)
        #expect(Layers.objection("ControllerRuntime", imports: "MigrationPorts") != nil)
        #expect(Layers.objection("ControllerRuntime", imports: "KubernetesClient") == nil)
        #expect(Layers.objection("MigrationOperator", imports: "DevCluster") != nil)
        #expect(Layers.objection("dbmigration", imports: "DevCluster") == nil)
        #expect(SourceTree.imported("public import struct KubernetesModel.Pod // why") == "KubernetesModel")
        #expect(SourceTree.imported("@testable import YAML") == "YAML")
        #expect(SourceTree.imported("    /// The import of rows") == nil)
    }
}
