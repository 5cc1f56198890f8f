import FoundationEssentials
import Glibc
import KubernetesClient
import KubernetesModel
import Logging

extension PodWorker {
    /// The whole life of the pod, from its volumes to the end of its last container.
    func live() async {
        do {
            try folder.create(containers: ((pod.spec?.initContainers ?? []) + (pod.spec?.containers ?? [])).map(\.name))
            try await Command.run(["ip", "addr", "replace", "\(podIP)/32", "dev", "lo"])
        } catch {
            context.logger.error("a pod's folder or address could not be made", metadata: ["pod": "\(pod.name)", "error": "\(error)"])
        }
        await report()
        guard await prepareVolumes() else { return }
        await withTaskGroup { group in
            group.addTask { _ = try? await self.volumes.keepCurrent() }
            group.addTask { await self.runContainers() }
            // Keeping volumes current ends by cancellation only.
            await group.next()
            group.cancelAll()
        }
        await report()
    }

    /// Tries until every volume has its content; gives whether it was not stopped before.
    private func prepareVolumes() async -> Bool {
        while !isStopping {
            do {
                try await volumes.update()
                return true
            } catch {
                hold(all: ContainerHold(reason: "ContainerCreating", message: "MountVolume.SetUp failed: \(error)"))
                await report()
                _ = try? await Task.sleep(for: .milliseconds(500))
            }
        }
        return false
    }

    private func hold(all hold: ContainerHold) {
        for index in progress.initContainers.indices where progress.initContainers[index].runs == 0 {
            progress.initContainers[index].waits(reason: hold.reason, message: hold.message)
        }
        for index in progress.containers.indices where progress.containers[index].runs == 0 {
            progress.containers[index].waits(reason: hold.reason, message: hold.message)
        }
    }

    private func runContainers() async {
        for (index, container) in (pod.spec?.initContainers ?? []).enumerated() {
            await run(container, at: Slot(index: index, isInit: true))
            guard !isStopping, progress.initContainers[index].finalTermination?.exitCode == 0 else { return }
        }
        await withTaskGroup { group in
            for (index, container) in (pod.spec?.containers ?? []).enumerated() {
                group.addTask { await self.run(container, at: Slot(index: index, isInit: false)) }
            }
        }
    }
}

/// Which of a pod's containers.
struct Slot: Sendable, Hashable {
    let index: Int
    let isInit: Bool

    var path: any WritableKeyPath<PodProgress, ContainerProgress> & Sendable {
        let index = index
        return isInit ? \PodProgress.initContainers[index] : \PodProgress.containers[index]
    }
}
