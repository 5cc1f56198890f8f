import MigrationCore
import Testing

@testable import Torture

@Suite("The plans of torture runs")
struct PlanTests {
    private let plans = (UInt64(1)...300).map { RunPlan(seed: $0) }

    @Test("the same seed makes the same plan and the same transactions, another seed others")
    func deterministic() {
        for plan in plans.prefix(50) {
            let again = RunPlan(seed: plan.seed)
            #expect(again == plan && again.description == plan.description)
            #expect(transactions(again) == transactions(plan))
        }
        #expect(Set(plans.map(\.description)).count == plans.count)
    }

    private func transactions(_ plan: RunPlan) -> [String] {
        plan.databases.flatMap { database in
            var maker = TransactionMaker(database, writer: 1)
            return (0..<50).flatMap { _ in maker.next().texts }
        }
    }

    @Test("a transaction writes its number once, and no two have the same")
    func numbers() {
        for plan in plans.prefix(20) {
            for database in plan.databases {
                var numbers: [String] = []
                for writer in 0..<database.writers {
                    var maker = TransactionMaker(database, writer: writer)
                    for _ in 0..<100 {
                        let transaction = maker.next()
                        numbers.append(transaction.number)
                        #expect(
                            transaction.texts.count {
                                $0.hasPrefix("INSERT INTO app.ledger") && $0.contains("'\(transaction.number)'")
                            } == 1)
                    }
                }
                #expect(Set(numbers).count == numbers.count)
            }
        }
    }

    @Test("everything that can be drawn is drawn")
    func variety() {
        let tables = plans.flatMap(\.databases).flatMap(\.tables)
        #expect(Set(tables.map(\.identity)) == Set(TablePlan.Identity.allCases))
        #expect(Set(tables.map(\.partitions)) == Set(TablePlan.Partitions.allCases))
        #expect(Set(tables.flatMap(\.columns).map(\.type)) == Set(ColumnType.allCases))
        #expect(tables.contains { $0.parent != nil })
        #expect(Set(plans.map(\.databases.count)) == [1, 2, 3])
        let faults = Set(plans.flatMap(\.injections).map { String($0.fault.description.prefix(12)) })
        for word in [
            "kill control", "kill worker", "pause contro", "pause worker", "kill source", "kill all of ",
            "pause source", "pause target", "kill API ser", "pause API se", "end a walsen",
            "end an apply",
        ] {
            #expect(faults.contains { $0.hasPrefix(word) }, "\(word) is among \(faults)")
        }
        let endings = Set(plans.map { String($0.ending.description.prefix(14)) })
        #expect(endings.count >= 6, "\(endings)")
    }

    @Test("faults strike in phases the run comes through")
    func moments() {
        for plan in plans {
            for injection in plan.injections {
                guard case .phase(let visit, _) = injection.moment else { continue }
                #expect(plan.ending.path.contains(visit))
            }
        }
    }
}
