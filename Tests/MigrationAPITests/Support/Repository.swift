import Foundation
import StructuredData
import YAML

/// Files of the checkout, as the tests see them.
enum Repository {
    /// The folder with `manifests` and `docs`. Symbolic links are followed, because a build may see the sources through one.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

    static func documents(_ path: String) throws -> [JSONValue] { try YAML.decode(text(path)) }

    /// Paths of the YAML files below a folder.
    static func yamlFiles(below folder: String) throws -> [String] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
    }

    static func customResource() throws -> JSONValue {
        try documents("manifests/crd/migrations.mystira.app_databasemigrations.yaml").first ?? .null
    }

    static func schema() throws -> JSONValue {
        try customResource()["spec"]?["versions"]?[0]?["schema"]?["openAPIV3Schema"] ?? .null
    }
}
