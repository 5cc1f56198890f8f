import Foundation
import HTTPTransport
import KubernetesModel
import Logging
import StructuredData
import TestServers
import Testing

@testable import ControllerRuntime
@testable import KubernetesClient

/// A kind that comes and goes.
private struct Widget: KubernetesObject {
    static let resource = APIResource(group: "faults.example.test", version: "v1", plural: "widgets", kind: "Widget")
    var metadata = ObjectMeta()
}

/// A ConfigMap as one sees it who wants numbers.
private struct Counted: KubernetesObject {
    static let resource = ConfigMap.resource
    var metadata = ObjectMeta()
    var data: Numbers?

    struct Numbers: Codable, Sendable, Hashable {
        var k: Int

        init(from decoder: any Decoder) throws {
            let text = try decoder.singleValueContainer().decode([String: String].self)["k"] ?? ""
            guard let number = Int(text) else {
                throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "k is no number"))
            }
            k = number
        }
    }
}

extension FaultTests {
    @Test("an object that cannot be read hides no other, in the list and in the watch, and is read once it is mended")
    func unreadable() async throws {
        try await FaultStage.open { stage in
            try await stage.put("good", "1")
            try await stage.put("bad", "many")
            let store = ObjectStore<Counted>()
            let registry = PrometheusRegistry()
            let informer = Informer(
                store: store, readiness: stage.readiness, metrics: registry,
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                watch: { _ in stage.proxied.watch(Counted.self, namespace: stage.namespace, labels: "l", known: store.has) }, onChange: { _ in })
            let following = Task { try await informer.run() }
            defer { following.cancel() }
            func value(_ name: String) -> Int? { store[ObjectKey(namespace: stage.namespace, name: name)]?.data?.k }
            func unread(_ number: Int) -> Bool { registry.text.contains("informer_unreadable_objects{resource=\"configmaps\"} \(number)\n") }
            try await eventually { value("good") == 1 && unread(1) }
            #expect(stage.readiness.report().isPassing)
            try await stage.put("good", "none")
            try await eventually { unread(2) }
            #expect(value("good") == 1)
            try await stage.put("bad", "2")
            try await eventually { value("bad") == 2 && unread(1) }
            try await stage.delete("good")
            try await eventually { store.objects.map(\.name) == ["bad"] && unread(0) }
            #expect(stage.proxy.requests("limit=500") == 1)
        }
    }

    private static let rbac = "rbac.authorization.k8s.io"

    @Test("permissions withdrawn and given back: readiness names the verb, and what was missed is seen")
    func access() async throws {
        try await FaultStage.open { stage in
            let bindings = APIResource(group: Self.rbac, version: "v1", plural: "rolebindings", kind: "RoleBinding")
            let role: JSONValue = [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": ["name": "reader", "namespace": .string(stage.namespace)],
                "rules": [["apiGroups": [""], "resources": ["configmaps"], "verbs": ["list", "watch"]]],
            ]
            let binding: JSONValue = [
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                "metadata": ["name": "reader", "namespace": .string(stage.namespace)],
                "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"],
                "subjects": [["kind": "ServiceAccount", "name": "weak", "namespace": .string(stage.namespace)]],
            ]
            _ = try await stage.server.create(APIResource(group: Self.rbac, version: "v1", plural: "roles", kind: "Role"), role)
            _ = try await stage.server.create(bindings, binding)
            _ = try await stage.server.create(ServiceAccount(metadata: ObjectMeta(name: "weak", namespace: stage.namespace)))
            let token = try await stage.server.createSubresource(
                ServiceAccount.self, "weak", namespace: stage.namespace, subresource: "token",
                body: TokenRequest(spec: TokenRequestSpec(expirationSeconds: 600)), returning: TokenRequest.self)
            let weak = FaultStage.through(stage.proxy, .token(Redacted(token.status?.token ?? "")))
            // Each event ends the watch that tells it, so that the next request is asked for its permission.
            stage.proxy.inject(.cut(afterLines: 1), on: "watch=true", times: 10_000)
            try await stage.following(as: weak) {
                #expect(stage.readiness.report().isPassing)
                try await stage.server.delete(bindings, "reader", namespace: stage.namespace)
                var count = 0
                while stage.readiness.report().isPassing {
                    count += 1
                    try await stage.put("a", "\(count)")
                    try await Task.sleep(for: .milliseconds(50))
                }
                let text = stage.readiness.report().text(verbose: true)
                #expect(text.contains("on the resource 'configmaps'"), "\(text)")
                try await stage.put("a", "missed")
                _ = try await stage.server.create(bindings, binding)
                try await stage.sees("a", "missed")
                try await eventually { stage.readiness.report().isPassing }
            }
        }
    }

    @Test("a kind deleted and made again: readiness says so, and its new objects are seen")
    func kindRecreated() async throws {
        try await FaultStage.open { stage in
            let kinds = APIResource(
                group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions", kind: "CustomResourceDefinition",
                isNamespaced: false)
            let definition: JSONValue = [
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": ["name": "widgets.faults.example.test"],
                "spec": [
                    "group": "faults.example.test", "scope": "Namespaced",
                    "names": ["plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"],
                    "versions": [["name": "v1", "served": true, "storage": true, "schema": ["openAPIV3Schema": ["type": "object"]]]],
                ],
            ]
            let store = ObjectStore<Widget>()
            let informer = Informer(
                store: store, readiness: stage.readiness, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
                watch: { _ in stage.proxied.watch(Widget.self, namespace: stage.namespace) }, onChange: { _ in })
            let following = Task { try await informer.run() }
            defer { following.cancel() }
            func make(_ name: String) async throws {
                // The kind is served a moment after its definition was made.
                while (try? await stage.server.create(Widget(metadata: ObjectMeta(name: name, namespace: stage.namespace)))) == nil {
                    try await Task.sleep(for: .milliseconds(100))
                }
                try await eventually { store.objects.map(\.name) == [name] }
            }
            try await eventually { "\(stage.readiness.report())".contains("install its CRD") }
            for name in ["first", "second"] {
                _ = try await stage.server.create(kinds, definition)
                try await make(name)
                #expect(stage.readiness.report().isPassing)
                try await stage.server.delete(kinds, "widgets.faults.example.test")
                try await eventually { store.objects.isEmpty && "\(stage.readiness.report())".contains("install its CRD") }
                while (try? await stage.server.get(kinds, "widgets.faults.example.test")) != nil { try await Task.sleep(for: .milliseconds(100)) }
            }
        }
    }
}
