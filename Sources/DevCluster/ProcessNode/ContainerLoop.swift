import FoundationEssentials
import Glibc
import KubernetesModel
import Subprocess

extension PodWorker {
    /// Runs a container again and again, as its restart policy says, until it is finished or the pod is stopped.
    func run(_ container: Container, at slot: Slot) async {
        var backoff = RestartBackoff()
        while !isStopping, let launch = await prepare(container, slot) {
            let began = ContinuousClock.now
            let termination = await runOnce(container, launch, slot)
            let willRestart = !isStopping && policy(slot).restarts(afterExitCode: termination.exitCode)
            progress[keyPath: slot.path].ended(termination, willRestart: willRestart)
            await report()
            guard willRestart else { return }
            let pause = backoff.pause(afterRunning: .now - began)
            if pause > .zero {
                let message =
                    "back-off \(pause.components.seconds)s restarting failed container=\(container.name) pod=\(pod.name)_\(pod.namespace ?? "")"
                progress[keyPath: slot.path].waits(reason: "CrashLoopBackOff", message: message)
                await report()
                _ = try? await Task.sleep(for: pause)
            } else {
                progress[keyPath: slot.path].prepareRestart()
            }
        }
    }

    /// Init containers are retried unless the policy is Never.
    private func policy(_ slot: Slot) -> RestartPolicy {
        slot.isInit && progress.restartPolicy == .always ? .onFailure : progress.restartPolicy
    }

    /// Tries until the container can be started; `nil` when the pod was stopped meanwhile.
    private func prepare(_ container: Container, _ slot: Slot) async -> ContainerLaunch? {
        let preparation = ContainerPreparation(pod: pod, podIP: podIP, folder: folder, images: context.images, searchPath: context.searchPath)
        var tries = 0
        while !isStopping {
            do {
                let inputs = try await volumes.inputs()
                return try preparation.launch(container, run: progress[keyPath: slot.path].runs + 1, inputs: inputs)
            } catch let hold as ContainerHold {
                let backsOff = hold.reason == "ErrImagePull" && tries % 2 == 1
                progress[keyPath: slot.path].waits(
                    reason: backsOff ? "ImagePullBackOff" : hold.reason, message: backsOff ? "Back-off pulling image: \(hold.message)" : hold.message)
            } catch {
                progress[keyPath: slot.path].waits(reason: "CreateContainerError", message: "\(error)")
            }
            await report()
            tries += 1
            _ = try? await Task.sleep(for: .seconds(min(tries, 10)))
        }
        return nil
    }

    /// One run with its probes.
    private func runOnce(_ container: Container, _ launch: ContainerLaunch, _ slot: Slot) async -> ContainerTerminated {
        let began = Time.now
        // Not a child task: stopping the pod must not kill the program before its grace period is over.
        let run = Task { try await launch.run { process in await self.hasStarted(container, launch, slot, process: process, at: began) } }
        let result = await run.result
        processes[container.name] = nil
        probes.removeValue(forKey: container.name)?.cancel()
        return termination(container, launch, result, began: began, run: progress[keyPath: slot.path].runs)
    }

    private func hasStarted(_ container: Container, _ launch: ContainerLaunch, _ slot: Slot, process: Int32, at time: Time) async {
        processes[container.name] = process
        progress[keyPath: slot.path].started(
            at: time, needsStartupProbe: container.startupProbe != nil, needsReadinessProbe: container.readinessProbe != nil)
        // A stop that came between the preparation and now found no process to end.
        if isStopping { stopContainer(container.name, grace: .seconds(pod.spec?.terminationGracePeriodSeconds ?? 30)) }
        probes[container.name] = Task { await probe(container, launch, slot, process: process) }
        // The caller waits for the program; a slow API server must not delay noticing its end.
        Task { await report() }
    }

    private func termination(
        _ container: Container, _ launch: ContainerLaunch, _ result: Result<TerminationStatus, any Error>, began: Time, run: Int
    ) -> ContainerTerminated {
        var code = 128
        var signal: Int?
        var reason = "Error"
        var message: String?
        switch result {
        case .success(.exited(let exitCode)):
            code = Int(exitCode)
            if code == 0 { reason = "Completed" }
            if code == ContainerScript.failure { reason = "ContainerCannotRun" }
        case .success(.signaled(let number)):
            signal = Int(number)
            code = 128 + Int(number)
        case .failure(let error):
            reason = "ContainerCannotRun"
            message = "\(error)"
        }
        let policy = reason == "ContainerCannotRun" ? "FallbackToLogsOnError" : container.terminationMessagePolicy
        return ContainerTerminated(
            exitCode: code, signal: signal, reason: reason, message: launch.message(policy: policy, failed: code != 0) ?? message, startedAt: began,
            finishedAt: .now, containerID: ContainerProgress.identifier(podUID: progress.uid, name: container.name, run: run))
    }

    /// SIGTERM to the program, SIGKILL to its whole group when it is still there after the grace period.
    func stopContainer(_ name: String, grace: Duration) {
        guard let process = processes[name] else { return }
        guard grace > .zero else {
            kill(-process, SIGKILL)
            return
        }
        kill(process, SIGTERM)
        Task {
            _ = try? await Task.sleep(for: grace)
            if processes[name] == process { kill(-process, SIGKILL) }
        }
    }
}
