import KubernetesClient
import KubernetesModel
import Testing

@testable import DevCluster

@Suite("Rules of the process node")
struct NodeRulesTests {
    @Test("Restarts come at once, then after 1, 2, 4 … 30 s; ten calm seconds start over")
    func backoff() {
        var backoff = RestartBackoff()
        let pauses = (0..<8).map { _ in backoff.pause(afterRunning: .seconds(1)) }
        #expect(pauses == [.zero, .seconds(1), .seconds(2), .seconds(4), .seconds(8), .seconds(16), .seconds(30), .seconds(30)])
        #expect(backoff.pause(afterRunning: .seconds(10)) == .zero)
    }

    @Test("A pod of another scheduler is left alone", arguments: [(nil, true), ("default-scheduler", true), ("mine", false)])
    func schedulers(name: String?, expected: Bool) {
        #expect(ProcessNode.schedules(Pod(metadata: ObjectMeta(name: "p"), spec: PodSpec(schedulerName: name))) == expected)
    }

    @Test("Restart policies")
    func policies() {
        #expect(RestartPolicy(nil) == .always && RestartPolicy("OnFailure") == .onFailure)
        #expect(RestartPolicy.always.restarts(afterExitCode: 0) && !RestartPolicy.never.restarts(afterExitCode: 1))
        #expect(RestartPolicy.onFailure.restarts(afterExitCode: 1) && !RestartPolicy.onFailure.restarts(afterExitCode: 0))
    }

    @Test("A probe's verdict changes when a threshold is reached in one go")
    func probes() {
        var assessment = ProbeAssessment(Probe(successThreshold: 2, failureThreshold: 3))
        let changes = [true, false, true, true, false, false, true, false, false, false].map { assessment.record($0) }
        #expect(changes == [false, false, false, true, false, false, false, false, false, true])
        #expect(assessment.isPassing == false)
    }

    @Test("Services resolve to a ready endpoint, external names to what they name")
    func names() {
        var table = ServiceTable()
        let service = { (name: String, spec: ServiceSpec) in Service(metadata: ObjectMeta(name: name, namespace: "n"), spec: spec) }
        table.services.take(
            .replaced([
                service("web", ServiceSpec()), service("db", ServiceSpec(type: "ExternalName", externalName: Addresses.targetHost)),
                service("none", ServiceSpec()),
            ]))
        let subset = EndpointSubset(addresses: [EndpointAddress(ip: "10.244.0.3")], notReadyAddresses: [EndpointAddress(ip: "10.244.0.1")])
        table.endpoints.take(.applied(Endpoints(metadata: ObjectMeta(name: "web", namespace: "n"), subsets: [subset])))
        #expect(table.hostsFile.services == ["web.n": "10.244.0.3", "db.n": Addresses.target])
        #expect(table.hostsFile.text.contains("10.244.0.3 web.n web.n.svc web.n.svc.cluster.local\n"))
    }

    @Test("Pod addresses are distinct and never end in 0 or 255")
    func addresses() {
        let all = (0..<5_000).map(Addresses.pod)
        #expect(Set(all).count == all.count && all.first == "10.244.0.1")
        #expect(!all.contains { $0.hasSuffix(".0") || $0.hasSuffix(".255") })
    }

    @Test(
        "Names of clusters become folders only when they are plain", arguments: ["", "-x", "a/b", "..", "Upper", String(repeating: "a", count: 41)])
    func badNames(name: String) { #expect(throws: DevClusterError.self) { try StateFolder(name: name) } }

    @Test("A program below a mount point is found under another name")
    func hiddenProgram() {
        let launch = { (target: String) in
            ContainerLaunch(
                commandLine: ["/tmp/build/web"], environment: [:], mounts: [.init(source: "volumes/t", target: target, isReadOnly: false)],
                workingFolder: "/",
                podFolder: "/p", hostName: "h", log: "l", terminationMessage: "m")
        }
        #expect(launch("/tmp").visibleProgram == ("/tmp/build", "/run/image/web"))
        #expect(launch("/var").visibleProgram == ("-", "/tmp/build/web"))
    }
}

@Suite("Requests for logs")
struct LogRequestTests {
    @Test("Path and query of a kubelet's request")
    func parsed() {
        let request = LogRequest(head: "GET /containerLogs/ns/pod/app?tailLines=2&previous=true HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(request.path == ["containerLogs", "ns", "pod", "app"] && request.query == ["tailLines": "2", "previous": "true"])
    }

    @Test(
        "The last lines, then the first bytes of them",
        arguments: [("tailLines=2", "b\nc\n"), ("limitBytes=3", "a\nb"), ("tailLines=1&limitBytes=1", "c"), ("x=y", "a\nb\nc\n")])
    func tail(query: String, expected: String) { #expect(LogRequest(head: "GET /?\(query) HTTP/1.1").tail("a\nb\nc\n") == expected) }

    @Test("Anything else is not found", arguments: ["GET /pods HTTP/1.1", "POST /containerLogs/a/b/c HTTP/1.1", ""])
    func refused(head: String) {
        #expect(LogRequest(head: head).answer(in: StateFolder(path: "/nonexistent")).hasPrefix("HTTP/1.1 404"))
    }
}
