import Testing

@testable import MigrationCore

@Suite("What going back would cost")
struct LossReasonTests {
    private func plan(mode: Plan.Copy.Mode = .live, keepsReverseLane: Bool = true) -> Plan {
        var plan = Plan.example(mode: mode)
        plan.databases.append(.init(name: "audit"))
        plan.rollback.keepReverseReplication = keepsReverseLane
        return plan
    }

    private func written(_ plan: Plan) -> Record {
        var record = Record.reached(.soaking, plan: plan)
        record.firstClientWriteAt = start
        return record
    }

    private func lanes(_ ledger: LaneState.Stage, _ audit: LaneState.Stage, loss: String? = nil, trouble: String? = nil) -> Fact<ReplicationState> {
        .value(
            ReplicationState(lanes: [
                LaneState(database: "ledger", stage: ledger, loss: loss, trouble: trouble), LaneState(database: "audit", stage: audit),
            ]))
    }

    private func reason(_ reverse: Fact<ReplicationState>) -> Reason? {
        let plan = plan()
        return lossReason(plan: plan, record: written(plan), reverse: reverse)
    }

    @Test("nothing, until a client wrote on the target, whatever is known of the lanes", arguments: [Plan.Copy.Mode.live, .snapshot])
    func untouched(mode: Plan.Copy.Mode) {
        let plan = plan(mode: mode)
        for reverse in [.unknown("no route"), lanes(.absent, .absent), lanes(.running, .running, loss: "slot lost")] {
            #expect(lossReason(plan: plan, record: .reached(.soaking, plan: plan), reverse: reverse) == nil)
        }
    }

    @Test("everything since the switch, where the plan keeps no way back")
    func noReverseLane() {
        let running = lanes(.running, .running)
        for plan in [plan(mode: .snapshot), plan(keepsReverseLane: false)] {
            #expect(lossReason(plan: plan, record: written(plan), reverse: running) == .noReverseLane)
        }
    }

    @Test("nothing while every lane is there and whole")
    func usable() {
        #expect(reason(lanes(.running, .running)) == nil)
        #expect(reason(lanes(.connected, .running)) == nil)
        #expect(reason(lanes(.connected, .connected)) == nil)
    }

    @Test("a lane missing, unfinished or lost has let changes go")
    func lost() {
        #expect(reason(lanes(.running, .slotted)) == .reverseLaneLost)
        #expect(reason(lanes(.absent, .absent)) == .reverseLaneLost)
        #expect(reason(lanes(.running, .running, loss: "slot lost")) == .reverseLaneLost)
        #expect(reason(lanes(.connected, .running, loss: "slot lost", trouble: "the worker ended")) == .reverseLaneLost)
        #expect(reason(.value(ReplicationState(lanes: []))) == .reverseLaneLost)
        let half =
            ["ledger", "audit"].map { LaneState(database: $0, number: 1, stage: .running) } + [
                LaneState(database: "audit", number: 2, stage: .slotted)
            ]
        #expect(reason(.value(ReplicationState(lanes: half))) == .reverseLaneLost)
        #expect(reason(.value(ReplicationState(lanes: [LaneState(database: "ledger", stage: .running)]))) == .reverseLaneLost)
    }

    @Test("trouble counts where a worker runs, and what cannot be seen counts as trouble")
    func broken() {
        #expect(reason(lanes(.running, .running, trouble: "the worker ended")) == .reverseLaneBroken)
        #expect(reason(lanes(.connected, .running, trouble: "the worker ended")) == nil)
        #expect(reason(.unknown("no route")) == .reverseLaneBroken)
    }

    @Test("tables that changed count only where the lanes are whole and get on: else those say more")
    func drift() {
        func drifted(_ fact: Fact<ReplicationState>) -> Fact<ReplicationState> {
            fact.map { state in
                var state = state
                state.drift = "a column on the target only"
                return state
            }
        }
        #expect(reason(drifted(lanes(.running, .running))) == .reverseSchemaDrift)
        #expect(reason(drifted(lanes(.connected, .running))) == .reverseSchemaDrift)
        #expect(reason(drifted(lanes(.running, .running, trouble: "the worker ended"))) == .reverseLaneBroken)
        #expect(reason(drifted(lanes(.running, .running, loss: "slot lost"))) == .reverseLaneLost)
        let plan = plan()
        #expect(lossReason(plan: plan, record: .reached(.soaking, plan: plan), reverse: drifted(lanes(.running, .running))) == nil)
    }

    @Test("nothing more once everything is back, though the lanes are gone by then")
    func carriedBack() {
        let plan = plan()
        var record = written(plan)
        record.rollback = .init(cause: .init(.requested, ""), isRequested: true, from: .soaking, acceptsLoss: false, isCarriedBack: true)
        #expect(lossReason(plan: plan, record: record, reverse: lanes(.absent, .absent)) == nil)
        record.rollback?.isCarriedBack = nil
        #expect(lossReason(plan: plan, record: record, reverse: lanes(.absent, .absent)) == .reverseLaneLost)
    }
}
