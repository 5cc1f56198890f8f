import FoundationEssentials
import KubernetesClient
import KubernetesModel
import StructuredData
import YAML

/// The YAML files of the repository, in the order a cluster can take them.
struct Manifests: Sendable {
    var folder: String

    /// Every document of the sub-folders, prerequisites first.
    ///
    /// - Throws: ``DemoError``.
    func documents(in subfolders: [String]) throws -> [JSONValue] {
        try subfolders.flatMap { try documents(of: $0) }.enumerated()
            .sorted { (Self.rank($0.element), $0.offset) < (Self.rank($1.element), $1.offset) }.map(\.element)
    }

    private func documents(of subfolder: String) throws -> [JSONValue] {
        let path = "\(folder)/\(subfolder)"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { throw DemoError.noManifests(path: path) }
        // A kustomization is about the files, not for the cluster.
        return try names.sorted().filter { $0.hasSuffix(".yaml") && $0 != "kustomization.yaml" }.flatMap { name in
            let file = "\(path)/\(name)"
            do {
                return try YAML.decode(String(decoding: Data(contentsOf: URL(filePath: file)), as: UTF8.self))
            } catch {
                throw DemoError.manifest(file: file, problem: "\(error)")
            }
        }
    }

    /// Namespaces and types before what lives in or is one of them, workloads last.
    static func rank(_ document: JSONValue) -> Int {
        let kinds = [
            "Namespace", "CustomResourceDefinition", "ServiceAccount", "Secret", "ConfigMap", "ClusterRole", "Role", "ClusterRoleBinding",
            "RoleBinding",
        ]
        let kind = document["kind"]?.string ?? ""
        return kinds.firstIndex(of: kind) ?? (kind == "Deployment" ? kinds.count + 1 : kinds.count)
    }
}

extension KubernetesClient {
    /// Server-side applies documents of any kind, one after another.
    func apply(documents: [JSONValue]) async throws {
        for document in documents { try await bring(document) }
    }

    private func bring(_ document: JSONValue) async throws {
        let kind = document["kind"]?.string ?? ""
        let resource = try await discover(apiVersion: document["apiVersion"]?.string ?? "", kind: kind)
        if kind == "CustomResourceDefinition" {
            _ = try await define(resource, document)
        } else {
            _ = try await apply(resource, document)
        }
    }

    /// Server-side apply refuses what a server does not know, CEL rules before Kubernetes 1.25; a plain create drops it.
    private func define(_ resource: APIResource, _ document: JSONValue) async throws -> JSONValue {
        do {
            return try await create(resource, document)
        } catch {
            guard error.kind == .alreadyExists else { throw error }
            return try await patch(resource, document["metadata"]?["name"]?.string ?? "", .merge(document))
        }
    }
}
