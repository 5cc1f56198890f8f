import KubernetesModel
import Logging

extension PodWorker {
    /// Runs a container's probes for the length of one run: first the startup probe, then readiness and liveness side by side.
    func probe(_ container: Container, _ launch: ContainerLaunch, _ slot: Slot, process: Int32) async {
        let check = { (probe: Probe) in
            ProbeCheck(probe: probe, container: container, podIP: self.podIP, process: process, environment: launch.environment)
        }
        do {
            if let startup = container.startupProbe {
                for try await passes in ProbeVerdicts(check(startup)) {
                    guard passes else { return fail(container, "startup") }
                    break
                }
                await verdict(slot) { progress in
                    progress.hasStarted = true
                    progress.isReady = container.readinessProbe == nil
                }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                if let readiness = container.readinessProbe {
                    let verdicts = ProbeVerdicts(check(readiness))
                    group.addTask { for try await passes in verdicts { await self.verdict(slot) { $0.isReady = passes } } }
                }
                if let liveness = container.livenessProbe {
                    let verdicts = ProbeVerdicts(check(liveness))
                    group.addTask { for try await passes in verdicts where !passes { return await self.fail(container, "liveness") } }
                }
                try await group.waitForAll()
            }
        } catch {
            // Cancelled: the run is over.
        }
    }

    private func verdict(_ slot: Slot, _ change: @Sendable (inout ContainerProgress) -> Void) async {
        // The run may have ended while the probe was under way.
        guard progress[keyPath: slot.path].isRunning, !Task.isCancelled else { return }
        change(&progress[keyPath: slot.path])
        await report()
    }

    private func fail(_ container: Container, _ kind: String) {
        guard !Task.isCancelled else { return }
        context.logger.info(
            "a probe failed, the container is restarted", metadata: ["pod": "\(pod.name)", "container": "\(container.name)", "probe": "\(kind)"])
        stopContainer(container.name, grace: .seconds(pod.spec?.terminationGracePeriodSeconds ?? 30))
    }
}

/// The changes of a probe's verdict, as they come; ends by cancellation only.
struct ProbeVerdicts: AsyncSequence, Sendable {
    let check: ProbeCheck

    init(_ check: ProbeCheck) { self.check = check }

    func makeAsyncIterator() -> Iterator { Iterator(check: check, assessment: ProbeAssessment(check.probe), pause: check.initialDelay) }

    struct Iterator: AsyncIteratorProtocol {
        let check: ProbeCheck
        var assessment: ProbeAssessment
        var pause: Duration

        mutating func next() async throws -> Bool? {
            while true {
                try await Task.sleep(for: pause)
                pause = check.period
                if assessment.record(await check.passes()) { return assessment.isPassing }
            }
        }
    }
}
