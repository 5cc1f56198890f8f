/// How long each way took, the median of several runs.
public struct CopyResult: BenchmarkResult {
    let table: CopyTable
    let failures: [CopyWay: String]
    /// What was copied, e.g. `scale 1: 5 tables, …`.
    let subject: String
    /// Of tables and indexes on the source.
    let bytes: Int
    /// As it stands in the last line.
    let title: String
    /// Whether bytes and memory are what it is about.
    let isAboutBytes: Bool
    /// Of a list of results: with what it was made.
    var scale: Double?

    public var lines: [String] {
        let failed = table.ways.compactMap { way in failures[way].map { "\(way.rawValue) has no result: \($0)" } }
        return [subject] + table.lines + failed + [summary]
    }

    private var summary: String {
        guard let ours = table.medians[.ours] else { return "\(title): no result" }
        func part(_ others: [CopyWay], _ name: String) -> String? { table.ratio(.ours, to: others).map { "\(hundredths($0)) × \(name)" } }
        let parts = table.references.map { part([$0], $0.rawValue) } + [part([.floor, .indexes], "(floor + indexes)")]
        let memory = ours.peakMebibytes.map { ["worker \(tenths($0)) MiB"] } ?? []
        let gigabytes = Double(bytes) / 1e9
        let pace = isAboutBytes && gigabytes > 0 ? ["\(tenths(ours.seconds / gigabytes)) s a GB"] : []
        return "\(title): \((["\(tenths(ours.seconds)) s"] + parts.compactMap { $0 } + pace + memory).joined(separator: ", "))"
    }

    public var isGood: Bool { table.medians[.ours] != nil }
}

extension CopyResult: Encodable {
    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// `{"seconds": {…}, "workerRSSMiB": …}`: every way of this benchmark, null without a figure.
    public func encode(to encoder: any Encoder) throws {
        var all = encoder.container(keyedBy: Key.self)
        var seconds = all.nestedContainer(keyedBy: Key.self, forKey: Key("seconds"))
        for way in table.ways { try seconds.encode(table.medians[way].map { rounded($0.seconds) }, forKey: Key(way.rawValue)) }
        if isAboutBytes { try all.encode(table.medians[.ours]?.peakMebibytes.map { rounded($0) }, forKey: Key("workerRSSMiB")) }
        if let scale {
            try all.encode(scale, forKey: Key("scale"))
            try all.encode(bytes, forKey: Key("bytes"))
        }
    }

    private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}

/// The same benchmark at several sizes.
public struct CopyResults: BenchmarkResult {
    public let results: [CopyResult]

    public var lines: [String] { Array(results.map(\.lines).joined(separator: [""])) }
    public var isGood: Bool { results.allSatisfy(\.isGood) }
    /// One object for one size, an array of them for several.
    public func encode(to encoder: any Encoder) throws {
        var single = encoder.singleValueContainer()
        if results.count == 1 { try single.encode(results[0]) } else { try single.encode(results) }
    }
}
