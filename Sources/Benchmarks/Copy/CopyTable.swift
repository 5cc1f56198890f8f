/// Medians side by side, as Markdown that also reads well on a terminal.
struct CopyTable: Sendable {
    var ways: [CopyWay]
    var medians: [CopyWay: CopyCost]
    /// What each is compared with, in columns of their own.
    var references: [CopyWay]
    var jobs: Int

    var lines: [String] {
        let titles =
            ["way", "seconds"] + references.map { "× \($0.rawValue)" } + ["client CPU s", "source CPU s", "target CPU s", "peak RSS MiB"]
        let rows = ways.map { way in row(way) }
        let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { index, width in String(repeating: "-", count: width + 1) + (index == 0 ? "-" : ":") }
        return [line(titles), "|" + rule.joined(separator: "|") + "|"] + rows.map(line)
    }

    private func row(_ way: CopyWay) -> [String] {
        let name = way.text(jobs: jobs)
        guard let own = medians[way] else { return [name] + Array(repeating: "–", count: references.count + 5) }
        let ratios = references.map { reference in ratio(way, to: [reference]).map { hundredths($0) } ?? "–" }
        return [name, tenths(own.seconds)] + ratios
            + [own.clientCPU, own.sourceCPU, own.targetCPU].map { tenths($0) } + [own.peakMebibytes.map { tenths($0) } ?? "–"]
    }

    /// Of the time to that of others together; `nil` when one is missing.
    func ratio(_ way: CopyWay, to others: [CopyWay]) -> Double? {
        let known = others.compactMap { medians[$0]?.seconds }
        guard known.count == others.count, let own = medians[way]?.seconds, case let sum = known.reduce(0, +), sum > 0 else { return nil }
        return own / sum
    }
}
