import FoundationEssentials
import HTTPTransport
import StructuredData

/// etcd, kube-apiserver and kube-controller-manager: the real ones.
struct ControlPlane: Sendable {
    let folder: StateFolder
    let binaries: String
    let certificates: Certificates
    let adminToken: Redacted<String>

    static let server = "https://\(Addresses.kubernetesService)"

    /// A fifth of the API server's processor time is Go's collection of its garbage, which memory buys back: everything shares a few cores here.
    private var environment: [String: String] { Command.environment(adding: ["GOGC": "400"]) }

    var etcd: Component {
        Component(
            name: "etcd",
            command: [
                "\(binaries)/etcd", "--data-dir", folder.file("etcd/data"), "--listen-client-urls", "http://127.0.0.1:2379",
                "--advertise-client-urls", "http://127.0.0.1:2379", "--listen-peer-urls", "http://127.0.0.1:2380",
                "--initial-advertise-peer-urls", "http://127.0.0.1:2380", "--initial-cluster", "default=http://127.0.0.1:2380", "--logger", "zap",
            ], environment: environment, log: folder.log(of: "etcd"))
    }

    var apiServer: Component {
        Component(
            name: "kube-apiserver",
            command: [
                "\(binaries)/kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--bind-address=0.0.0.0", "--secure-port=443",
                "--advertise-address=\(Addresses.node)", "--service-cluster-ip-range=\(Addresses.serviceRange)", "--authorization-mode=RBAC",
                "--token-auth-file=\(folder.file("tokens.csv"))", "--client-ca-file=\(certificates.authority)",
                "--tls-cert-file=\(certificates.certificate("kubernetes"))", "--tls-private-key-file=\(certificates.key("kubernetes"))",
                "--cert-dir=\(certificates.folder)", "--service-account-key-file=\(certificates.serviceAccountKey)",
                "--service-account-signing-key-file=\(certificates.serviceAccountKey)",
                "--service-account-issuer=https://kubernetes.default.svc", "--kubelet-certificate-authority=\(certificates.authority)",
                "--kubelet-preferred-address-types=InternalIP", "--audit-policy-file=\(folder.file("audit-policy.json"))",
                "--audit-log-path=\(folder.auditLog)",
                // It taints new nodes as not ready; the controller that would take the taint away does not run, so no DaemonSet would have a pod.
                "--disable-admission-plugins=TaintNodesByCondition",
                // Alpha in 1.20, standard since 1.21: projected, bound service account tokens.
                "--feature-gates=BoundServiceAccountTokenVolume=true",
            ], environment: environment, log: folder.log(of: "kube-apiserver"))
    }

    var controllerManager: Component {
        Component(
            name: "kube-controller-manager",
            command: [
                "\(binaries)/kube-controller-manager", "--kubeconfig=\(folder.kubeconfig)", "--leader-elect=false",
                "--controllers=*,-nodelifecycle,-ttl", "--root-ca-file=\(certificates.authority)", "--bind-address=127.0.0.1",
                "--service-account-private-key-file=\(certificates.serviceAccountKey)", "--use-service-account-credentials=true",
                "--authentication-skip-lookup=true", "--cert-dir=\(certificates.folder)",
            ], log: folder.log(of: "kube-controller-manager"))
    }

    /// Writes the files the three programs are started with.
    func prepare() async throws {
        try Files.write("\(adminToken.reveal()),admin,admin,system:masters\n", to: folder.file("tokens.csv"))
        try Files.write(JSON.text(auditPolicy), to: folder.file("audit-policy.json"))
        try Files.write(JSON.text(kubeconfig, pretty: true), to: folder.kubeconfig)
        try await certificates.createServing(
            "kubernetes", names: Addresses.apiServerNames + ["localhost"], addresses: [Addresses.kubernetesService, Addresses.node, "127.0.0.1"])
    }

    /// Every request, and of new pods what is in them: who asked for what is compared with the roles, pods with PodSecurity. A watch is
    /// noted when it begins, since it may outlive the log's reader.
    private var auditPolicy: JSONValue {
        [
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
            "rules": [
                ["level": "Request", "omitStages": ["RequestReceived"], "verbs": ["create"], "resources": [["group": "", "resources": ["pods"]]]],
                ["level": "Metadata", "verbs": ["watch"]],
                ["level": "Metadata", "omitStages": ["RequestReceived"]],
            ],
        ]
    }

    private var kubeconfig: JSONValue {
        [
            "apiVersion": "v1", "kind": "Config", "current-context": "dev",
            "clusters": [["name": "dev", "cluster": ["server": .string(Self.server), "certificate-authority": .string(certificates.authority)]]],
            "users": [["name": "admin", "user": ["token": .string(adminToken.reveal())]]],
            "contexts": [["name": "dev", "context": ["cluster": "dev", "user": "admin"]]],
        ]
    }

    func etcdIsHealthy() async throws -> Bool {
        try await HTTPClient.shared.send(HTTPRequest(.get, "http://127.0.0.1:2379/health")).status == 200
    }

    func apiServerIsReady() async throws -> Bool {
        var request = HTTPRequest(.get, Self.server + "/readyz", headers: ["Authorization": "Bearer \(adminToken.reveal())"])
        request.tls.trust = .file(certificates.authority)
        return try await HTTPClient.shared.send(request).status == 200
    }
}
