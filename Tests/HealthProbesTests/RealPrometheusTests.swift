import Testing

@testable import HealthProbes
@testable import MigrationCore

@Suite("Prometheus checks against a real Prometheus", .enabled(if: RealPrometheus.program != nil), .timeLimit(.minutes(5)))
struct RealPrometheusTests {
    @Test("verdicts: within and beyond limits, no such metric, no number, a bad query, the baseline, and nobody there")
    func verdicts() async throws {
        try await RealPrometheus.run { prometheus, exporter in
            func check(_ query: String, max: Double? = nil, min: Double? = nil, increase: Int? = nil, decrease: Int? = nil) -> Plan.PrometheusCheck {
                Plan.PrometheusCheck(
                    name: "errors", address: prometheus.address, query: query, max: max, min: min, maxIncreasePercent: increase,
                    maxDecreasePercent: decrease)
            }
            func read(_ check: Plan.PrometheusCheck, _ baseline: Record.Baseline? = nil) async -> String {
                let reading = check.measured.reading(of: await measure(check), baseline: baseline)
                return "\(reading.verdict.rawValue): \(reading.message)"
            }
            let ratio = #"error_ratio{app="ledger"}"#
            exporter.expose(#"error_ratio{app="ledger", pod="a"} 0.25"#, #"error_ratio{app="ledger", pod="b"} 0.5"#, "nothing NaN")
            try await until("the exporter was scraped") { await measure(check(ratio)).value == MeasuredValues([0.25, 0.5]) }

            #expect(await read(check(ratio, max: 0.5, min: 0.25)) == "ok: 0.25 to 0.5 in 2 series")
            #expect(await read(check(ratio, max: 0.4)) == "failed: 0.5 is above max 0.4, the worst of 2 series")
            #expect(await read(check("scalar(sum(\(ratio)))", min: 1)) == "failed: 0.75 is below min 1")
            #expect(await read(check("1 + 1", max: 2)) == "ok: 2")
            #expect(await read(check("sum(\(ratio)) / 0", max: 2)) == "failed: +Inf is above max 2")
            #expect(await read(check("no_such_metric", max: 2)) == "inconclusive: the query gives no series")
            #expect(await read(check("nothing", max: 2)) == "inconclusive: the query has no value (NaN)")
            #expect(await read(check("sum(", max: 2)) == "inconclusive: Prometheus answered 400 (bad_data); correct the query")
            #expect(await read(check("\(ratio)[5m]", max: 2)) == "inconclusive: the query gives neither a scalar nor an instant vector")

            let relative = check("max(\(ratio))", increase: 20, decrease: 20)
            let baseline = try #require(relative.measured.baseline(from: await measure(relative)).value)
            #expect(baseline == Record.Baseline(lowest: 0.5, highest: 0.5))
            #expect(await read(relative, baseline) == "ok: 0.5")
            #expect(await read(relative) == "inconclusive: there is no baseline to compare with")
            for (value, end) in [
                (0.625, "failed: 0.625 is more than 20 % above the baseline 0.5"), (0.3, "failed: 0.3 is more than 20 % below the baseline 0.5"),
            ] {
                exporter.expose(#"error_ratio{app="ledger", pod="b"} \#(value)"#)
                try await until("the new value was scraped") { await measure(relative).value == MeasuredValues([value]) }
                #expect(await read(relative, baseline) == end)
            }
            exporter.expose()
            try await until("the series ended") { await measure(relative).value == nil }
            #expect(await read(relative, baseline) == "inconclusive: the query gives no series")

            prometheus.stop()
            #expect(await read(relative, baseline) == "inconclusive: Prometheus: does not accept connections")
        }
    }
}
