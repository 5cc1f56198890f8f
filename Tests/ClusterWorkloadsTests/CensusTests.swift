import KubernetesModel
import MigrationCore
import MigrationPorts
import Testing

@testable import ClusterWorkloads

@Suite("Who uses the source and is not selected")
struct CensusTests {
    private static let labels = ["app": "mys"]

    private func reading(_ container: Container? = nil, volume: Volume? = nil, initial: Bool = false) -> PodSpec {
        let containers = [container ?? Container(name: "app")]
        return PodSpec(containers: initial ? [] : containers, initContainers: initial ? containers : nil, volumes: volume.map { [$0] })
    }

    private static let variable = EnvVar(
        name: "DATABASE_URL", valueFrom: EnvVarSource(secretKeyRef: KeySelector(name: "publisher", key: "url")))

    private static let mapVariable = EnvVar(
        name: "LEGACY_URL", valueFrom: EnvVarSource(configMapKeyRef: KeySelector(name: "app", key: "url")))

    private func deployment(_ name: String, _ spec: PodSpec, labels: [String: String] = [:]) -> Workload {
        Workload(
            Deployment(
                metadata: ObjectMeta(name: name, uid: name, labels: labels),
                spec: DeploymentSpec(selector: LabelSelector(matchLabels: labels), template: PodTemplateSpec(spec: spec))))
    }

    private func unselected(_ workloads: [Workload], pods: [Pod] = []) -> [PreflightProblem] {
        WorkloadCensus(plan: Fixtures.plan(), workloads: workloads, pods: pods).unselected
    }

    @Test("every way to a Secret is seen: variables, all its keys, volumes, projected ones, init containers")
    func ways() {
        let container = Container(name: "app", env: [Self.variable])
        let all = Container(name: "app", envFrom: [EnvFromSource(secretRef: EnvFromReference(name: "publisher"))])
        let volume = Volume(name: "v", secret: SecretVolume(secretName: "publisher"))
        let projected = Volume(
            name: "p", projected: ProjectedVolume(sources: [VolumeProjection(secret: ConfigMapVolume(name: "publisher"))]))
        #expect(reading(container).use(of: .secret, "publisher") == "env DATABASE_URL")
        #expect(reading(container, initial: true).use(of: .secret, "publisher") == "env DATABASE_URL")
        #expect(reading(all).use(of: .secret, "publisher") == "envFrom")
        #expect(reading(volume: volume).use(of: .secret, "publisher") == "volume v")
        #expect(reading(volume: projected).use(of: .secret, "publisher") == "volume p")
        for spec in [reading(container), reading(all), reading(volume: volume), reading(volume: projected), reading()] {
            #expect(spec.use(of: .secret, "other") == nil && spec.use(of: .configMap, "publisher") == nil)
        }
    }

    @Test("the same ways to a ConfigMap")
    func waysToMaps() {
        let all = Container(name: "app", envFrom: [EnvFromSource(configMapRef: EnvFromReference(name: "app"))])
        let volume = Volume(name: "v", configMap: ConfigMapVolume(name: "app"))
        let projected = Volume(name: "p", projected: ProjectedVolume(sources: [VolumeProjection(configMap: ConfigMapVolume(name: "app"))]))
        let one = Container(name: "app", env: [Self.mapVariable])
        #expect(reading(one).use(of: .configMap, "app") == "env LEGACY_URL")
        #expect(reading(one).use(of: .secret, "app") == nil)
        #expect(reading(all).use(of: .configMap, "app") == "envFrom")
        #expect(reading(volume: volume).use(of: .configMap, "app") == "volume v")
        #expect(reading(volume: projected).use(of: .configMap, "app") == "volume p")
        #expect(reading(all).use(of: .secret, "app") == nil)
    }

    @Test("who reads it and is not selected is named with the way to select it; who is selected, or made by another, is not")
    func named() {
        let spec = reading(Container(name: "app", env: [Self.variable]))
        #expect(unselected([deployment("web", spec, labels: Self.labels), deployment("idle", reading())]).isEmpty)
        let found = unselected([deployment("report", spec)])
        #expect(found.map(\.reason) == [.workloadNotSelected])
        #expect(found.first?.message.contains("Deployment report reads Secret publisher (env DATABASE_URL) but is not selected") == true)
        #expect(found.first?.message.contains("kind Deployment") == true)
        let cronJob = CronJob(
            metadata: ObjectMeta(name: "nightly", uid: "c", labels: Self.labels),
            spec: CronJobSpec(jobTemplate: JobTemplateSpec(spec: JobSpec(template: PodTemplateSpec(spec: spec)))))
        #expect(unselected([Workload(cronJob, at: CronJob.resource)]).first?.message.contains("CronJob nightly") == true)
        let owner = OwnerReference(apiVersion: "batch/v1", kind: "CronJob", name: "nightly", uid: "c", controller: true)
        let job = Job(metadata: ObjectMeta(name: "nightly-1", ownerReferences: [owner]), spec: JobSpec(template: PodTemplateSpec(spec: spec)))
        #expect(unselected([Workload(job)]).isEmpty)
    }

    @Test("who reads a ConfigMap with a connection string is named with it; who reads the Secret of that name is not")
    func readsMap() {
        var connection = Fixtures.connection("app")
        connection.kind = .configMap
        let ofSecret = EnvVar(name: "X", valueFrom: EnvVarSource(secretKeyRef: KeySelector(name: "app", key: "url")))
        let workloads = [
            deployment("report", reading(Container(name: "app", env: [Self.mapVariable]))),
            deployment("other", reading(Container(name: "app", env: [ofSecret]))),
        ]
        let found = WorkloadCensus(plan: Fixtures.plan(connections: [connection]), workloads: workloads, pods: []).unselected
        #expect(found.count == 1)
        #expect(found.first?.message.contains("Deployment report reads ConfigMap app (env LEGACY_URL) but is not selected") == true)
    }

    @Test("a pod that nobody made is named; at most five are, and the rest is counted")
    func loners() {
        let spec = reading(Container(name: "app", env: [Self.variable]))
        #expect(unselected([], pods: [Pod(metadata: ObjectMeta(name: "shell"), spec: spec)]).first?.message.contains("Pod shell reads") == true)
        let many = unselected((1...7).map { deployment("d\($0)", spec) })
        #expect(many.count == 5 && many.last?.message.hasSuffix("; so do 2 more") == true)
    }

    private func origins(_ sessions: [ClientSession], poolers: Set<String> = []) -> [String] {
        func pod(_ name: String, _ labels: [String: String], _ address: String, phase: String = "Running") -> Pod {
            Pod(metadata: ObjectMeta(name: name, labels: labels), status: PodStatus(phase: phase, podIP: address))
        }
        let pods = [pod("web-1", Self.labels, "10.0.0.1"), pod("shell", [:], "10.0.0.2"), pod("over", Self.labels, "10.0.0.3", phase: "Succeeded")]
        let census = WorkloadCensus(plan: Fixtures.plan(), workloads: [deployment("web", reading(), labels: Self.labels)], pods: pods)
        return SessionOrigins(census: census, sessions: sessions, poolers: poolers).warnings.map(\.message)
    }

    private func session(_ address: String, count: Int = 1) -> ClientSession {
        ClientSession(address: address, database: "publisher_db", user: "app", application: "psql", count: count)
    }

    @Test("sessions of a selected workload's pods are expected; others are named with their pod, or their address")
    func sessions() {
        #expect(origins([]).isEmpty)
        #expect(origins([session("10.0.0.1", count: 9)]).isEmpty)
        let found = origins([session("10.0.0.1"), session("10.0.0.2", count: 2), session("10.0.0.3")])
        #expect(found.count == 2)
        #expect(
            found.first?.hasPrefix("2 sessions of app in publisher_db (psql) from pod shell (10.0.0.2) belong to no pod of a selected workload")
                == true)
        #expect(found.last?.contains("from 10.0.0.3 belong") == true)
    }

    @Test("those of the migration's poolers are nobody's by themselves: they are led to the target")
    func poolers() {
        #expect(origins([session("10.0.0.2")], poolers: ["10.0.0.2"]).isEmpty)
        #expect(origins([session("10.0.0.2"), session("10.0.0.3")], poolers: ["10.0.0.2"]).count == 1)
    }

    @Test("where no address is a pod's, one warning says that they are translated on the way")
    func translated() {
        let found = origins([session("192.0.2.1"), session("192.0.2.2")])
        #expect(found.count == 1)
        #expect(found.first?.contains("whose they are cannot be told") == true)
    }

    @Test("an autoscaler of what is scaled to zero is named; one that scales from zero with the way out")
    func autoscaler() {
        let web = deployment("web", reading(), labels: Self.labels)
        func scaler(_ name: String, least: Int? = nil) -> HorizontalPodAutoscaler {
            HorizontalPodAutoscaler(
                metadata: ObjectMeta(name: "auto"), spec: .init(scaleTargetRef: .init(kind: "Deployment", name: name), minReplicas: least))
        }
        #expect(scaler("other").warning(about: [web]) == nil)
        #expect(scaler("web").warning(about: [web])?.message.contains("goes on from as many as there were") == true)
        #expect(scaler("web", least: 0).warning(about: [web])?.message.contains("may scale from zero") == true)
    }
}
