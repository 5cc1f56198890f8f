import FoundationEssentials
import KubernetesModel

/// Why a container waits instead of running: what its status says.
struct ContainerHold: Error, Hashable {
    var reason: String
    var message: String
}

/// Turns a container of a pod into something that can be run here.
struct ContainerPreparation: Sendable {
    let pod: Pod
    let podIP: String
    let folder: PodFolder
    let images: ImageMap
    let searchPath: [String]

    /// - Throws: `ContainerHold` with the reason a kubelet would report.
    func launch(_ container: Container, run: Int, inputs: PodInputs) throws(ContainerHold) -> ContainerLaunch {
        guard let executable = images.executable(for: container.image ?? "") else {
            throw ContainerHold(
                reason: "ErrImagePull", message: "no local executable stands in for \(container.image ?? "an image"): --image NAME=PATH maps one")
        }
        let variables: [String: String]
        do {
            variables = try ContainerEnvironment.resolve(container, of: pod, podIP: podIP, searchPath: searchPath, inputs: inputs)
        } catch {
            throw ContainerHold(reason: "CreateContainerConfigError", message: "\(error)")
        }
        let expand = { (texts: [String]?) in (texts ?? []).map { VariableExpansion.expand($0, variables) } }
        let log = folder.log(container.name, run: run)
        let message = folder.terminationMessage(container.name, run: run)
        var mounts = (container.volumeMounts ?? []).map(mount)
        let inPod = String(message.dropFirst(folder.path.count + 1))
        mounts.append(.init(source: inPod, target: container.terminationMessagePath ?? "/dev/termination-log", isReadOnly: false))
        return ContainerLaunch(
            commandLine: ImageMap.commandLine(executable: executable, command: expand(container.command), arguments: expand(container.args)),
            environment: variables, mounts: mounts, workingFolder: container.workingDir ?? "/", podFolder: folder.path,
            hostName: variables["HOSTNAME"] ?? pod.name, log: log, terminationMessage: message)
    }

    private func mount(_ mount: VolumeMount) -> ContainerLaunch.Mount {
        let volume = pod.spec?.volumes?.first { $0.name == mount.name }
        let source = "volumes/\(mount.name)" + (mount.subPath.map { "/" + $0 } ?? "")
        // As a kubelet: only emptyDir can be written.
        return .init(source: source, target: mount.mountPath, isReadOnly: mount.readOnly == true || volume?.emptyDir == nil)
    }
}
