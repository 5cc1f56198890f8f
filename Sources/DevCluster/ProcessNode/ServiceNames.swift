import KubernetesClient
import KubernetesModel

/// Stands in for the cluster's DNS: keeps the sandbox's hosts file in step with Services and Endpoints.
actor ServiceNames {
    private let context: NodeContext
    private var table = ServiceTable()
    private var written: HostsFile?

    init(context: NodeContext) { self.context = context }

    func keepCurrent() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for await output in self.context.client.watch(Service.self) { try await self.change { $0.services.take(output) } }
            }
            group.addTask {
                for await output in self.context.client.watch(Endpoints.self) { try await self.change { $0.endpoints.take(output) } }
            }
            try await group.waitForAll()
        }
    }

    private func change(_ change: @Sendable (inout ServiceTable) -> Void) throws {
        change(&table)
        let file = table.hostsFile
        guard file != written else { return }
        try file.write(to: context.folder.hosts)
        written = file
    }
}

/// Services and their endpoints, and the names they make.
struct ServiceTable: Sendable {
    var services = ObjectTable<Service>()
    var endpoints = ObjectTable<Endpoints>()

    var hostsFile: HostsFile {
        var file = HostsFile()
        let byAddress = services.objects.filter { $0.value.spec?.type != "ExternalName" }
        for key in byAddress.keys {
            let addresses = (endpoints.objects[key]?.subsets ?? []).flatMap { $0.addresses ?? [] }.map(\.ip)
            // The same one for as long as it is ready.
            file.services[key] = addresses.min()
        }
        for (key, service) in services.objects where service.spec?.type == "ExternalName" {
            file.services[key] = service.spec?.externalName.flatMap(file.address)
        }
        return file
    }
}

/// The objects of a watch by `name.namespace`.
struct ObjectTable<Object: KubernetesObject>: Sendable {
    private(set) var objects: [String: Object] = [:]

    mutating func take(_ output: WatchOutput<Object>) {
        switch output {
        case .replaced(let all, _): objects = Dictionary(all.map { (Self.key($0), $0) }) { $1 }
        case .applied(let object): objects[Self.key(object)] = object
        case .deleted(let object): objects[Self.key(object)] = nil
        case .unreadable, .interrupted, .resumed: break
        }
    }

    private static func key(_ object: Object) -> String { "\(object.name).\(object.namespace ?? "")" }
}
