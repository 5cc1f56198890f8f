import FoundationEssentials
import KubernetesModel
import Testing

@testable import DevCluster

@Suite("Environment of a container")
struct EnvironmentTests {
    let pod = Pod(metadata: ObjectMeta(name: "p", namespace: "n", uid: "u", labels: ["app": "web"]), spec: PodSpec(serviceAccountName: "runner"))
    let inputs = PodInputs(secrets: ["s": ["url": Data("postgres://x".utf8)]], configMaps: ["m": ["level": Data("debug".utf8)]])

    func resolve(_ variables: [EnvVar], from: [EnvFromSource] = []) throws -> [String: String] {
        try ContainerEnvironment.resolve(Container(name: "c", env: variables, envFrom: from), of: pod, podIP: "10.244.0.9", inputs: inputs)
    }

    @Test(
        "Kubernetes' rules for $(NAME)",
        arguments: [
            ("$(A)/x", "1/x"), ("$$(A)", "$(A)"), ("$(NONE)", "$(NONE)"), ("a$", "a$"), ("$(A", "$(A"), ("$A", "$A"), ("$(A)$(A)", "11"), ("", ""),
        ])
    func expansion(text: String, expected: String) { #expect(VariableExpansion.expand(text, ["A": "1"]) == expected) }

    @Test("Values, keys and fields; a value may use the ones before it")
    func resolved() throws {
        let variables = try resolve([
            EnvVar(name: "URL", valueFrom: EnvVarSource(secretKeyRef: KeySelector(name: "s", key: "url"))),
            EnvVar(name: "LEVEL", valueFrom: EnvVarSource(configMapKeyRef: KeySelector(name: "m", key: "level"))),
            EnvVar(name: "IP", valueFrom: EnvVarSource(fieldRef: FieldSelector(fieldPath: "status.podIP"))),
            EnvVar(name: "APP", valueFrom: EnvVarSource(fieldRef: FieldSelector(fieldPath: "metadata.labels['app']"))),
            EnvVar(name: "BOTH", value: "$(IP) $(APP) $(LATER)"), EnvVar(name: "LATER", value: "no"),
        ])
        #expect(variables["URL"] == "postgres://x" && variables["LEVEL"] == "debug")
        #expect(variables["BOTH"] == "10.244.0.9 web $(LATER)")
        #expect(variables["KUBERNETES_SERVICE_HOST"] == Addresses.kubernetesService && variables["HOSTNAME"] == "p")
    }

    @Test("Clients of the servers that were named come first on the PATH, the target's before the source's")
    func searchPath() throws {
        let path = { (folders: PostgresFolders) in
            try ContainerEnvironment.resolve(
                Container(name: "c"), of: pod, podIP: "10.244.0.9", searchPath: PostgresBinaries.searchPath(folders), inputs: inputs)["PATH"] ?? ""
        }
        let own = try path(PostgresFolders())
        #expect(own.hasPrefix("/usr/local/sbin:"))
        #expect(try path(PostgresFolders(source: "/a/bin", target: "/b/bin")).hasSuffix("-target/bin:/run/dbmigration-postgres-source/bin:" + own))
    }

    @Test("All keys of an object, with a prefix; env wins")
    func envFrom() throws {
        let source = EnvFromSource(prefix: "DB_", secretRef: EnvFromReference(name: "s"))
        #expect(try resolve([], from: [source])["DB_url"] == "postgres://x")
        #expect(try resolve([EnvVar(name: "DB_url", value: "mine")], from: [source])["DB_url"] == "mine")
    }

    @Test("What is missing is named, unless it is optional")
    func missing() throws {
        let key = { (name: String, key: String, optional: Bool?) in
            [EnvVar(name: "X", valueFrom: EnvVarSource(secretKeyRef: KeySelector(name: name, key: key, optional: optional)))]
        }
        #expect(throws: PodInputError.objectMissing(kind: "secret", name: "t")) { try resolve(key("t", "url", nil)) }
        #expect(throws: PodInputError.keyMissing(kind: "secret", name: "s", key: "k")) { try resolve(key("s", "k", nil)) }
        #expect(try resolve(key("s", "k", true))["X"] == nil)
        #expect(try resolve(key("t", "k", true))["X"] == nil)
    }
}
