/// When the clocks of a time zone were and will be changed, as its TZif file (RFC 8536) says. Reading the file is somebody else's.
public struct ZoneRules: Sendable, Hashable {
    private struct Transition: Sendable, Hashable {
        /// Seconds since 1970.
        var at: Int64
        /// Seconds east of Greenwich from then on.
        var offset: Int
    }

    private var transitions: [Transition] = []
    /// Before the first transition.
    private var first = 0
    /// After the last one.
    private var footer: ZoneFooter?

    public static let utc = ZoneRules()

    private init() {}

    /// - Returns: `nil` when it is no TZif file of version 2 or newer.
    public init?(_ bytes: [UInt8]) {
        var reader = TZifReader(bytes)
        // The 32-bit part of version 1 is there for old readers; what counts follows it.
        guard let old = reader.header(), old.version >= 0x32, reader.skip(old.size(timeBytes: 4)), let header = reader.header(),
            header.types > 0
        else { return nil }
        var times: [Int64] = []
        for _ in 0..<header.times { times.append(reader.integer(bytes: 8)) }
        var indexes: [Int] = []
        for _ in 0..<header.times { indexes.append(Int(reader.integer(bytes: 1)) & 0xff) }
        var offsets: [Int] = []
        for _ in 0..<header.types {
            offsets.append(Int(reader.integer(bytes: 4)))
            guard reader.skip(2) else { return nil }
        }
        guard indexes.allSatisfy({ $0 < offsets.count }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }),
            reader.skip(header.designations + header.leapSeconds * 12 + header.standards + header.universals), let rest = reader.footer()
        else { return nil }
        transitions = zip(times, indexes).map { Transition(at: $0, offset: offsets[$1]) }
        first = offsets[0]
        if !rest.isEmpty {
            guard let read = ZoneFooter(rest) else { return nil }
            footer = read
        }
    }

    /// Seconds east of Greenwich at a moment (seconds since 1970).
    public func offset(at seconds: Int64) -> Int {
        guard let last = transitions.last else { return footer?.offset(at: seconds) ?? first }
        if seconds >= last.at { return footer?.offset(at: seconds) ?? last.offset }
        // The first transition that is later.
        var (low, high) = (0, transitions.count)
        while low < high {
            let middle = (low + high) / 2
            if transitions[middle].at <= seconds { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? first : transitions[low - 1].offset
    }

    /// The moments at which the clocks show this: none in a gap, two when they are set back.
    public func moments(of time: CivilTime) -> [Int64] {
        let local = time.minutes * 60
        // No offset is further from Greenwich than a day.
        let offsets = Set([local - 86_400, local, local + 86_400].map { offset(at: $0) })
        return Set(offsets.map { local - Int64($0) }.filter { $0 + Int64(offset(at: $0)) == local }).sorted()
    }

    /// The first moment after a gap in which the clocks skip this; `nil` when they do not.
    func afterGap(_ time: CivilTime) -> Int64? {
        guard moments(of: time).isEmpty else { return nil }
        // By the offset before the gap the clock would show it just as long after the change as it lies in the gap.
        let local = time.minutes * 60
        var (low, high) = (local - 90_000, local + 90_000)
        guard low + Int64(offset(at: low)) < local, high + Int64(offset(at: high)) > local else { return nil }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if middle + Int64(offset(at: middle)) < local { low = middle } else { high = middle }
        }
        return high
    }
}

/// What of a TZif file is read, in its order. Past the end there are zeros, and the end of the file is found missing.
private struct TZifReader {
    struct Header {
        var version: UInt8
        var universals, standards, leapSeconds, times, types, designations: Int

        func size(timeBytes: Int) -> Int {
            times * (timeBytes + 1) + types * 6 + designations + leapSeconds * (timeBytes + 4) + standards + universals
        }
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func integer(bytes count: Int) -> Int64 {
        var value: Int64 = 0
        for index in 0..<count {
            let byte = position < bytes.count ? bytes[position] : 0
            value = index == 0 && count > 1 ? Int64(Int8(bitPattern: byte)) : value << 8 | Int64(byte)
            position += 1
        }
        return value
    }

    mutating func skip(_ count: Int) -> Bool {
        position += count
        return count >= 0 && position <= bytes.count
    }

    mutating func header() -> Header? {
        guard position + 44 <= bytes.count, bytes[position..<position + 4].elementsEqual("TZif".utf8) else { return nil }
        let version = bytes[position + 4]
        position += 20
        let counts = (0..<6).map { _ in Int(integer(bytes: 4)) }
        guard counts.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
        return Header(
            version: version, universals: counts[0], standards: counts[1], leapSeconds: counts[2], times: counts[3], types: counts[4],
            designations: counts[5])
    }

    /// The line at the end.
    func footer() -> String? {
        guard position < bytes.count, bytes[position] == 10, let end = bytes[(position + 1)...].firstIndex(of: 10) else { return nil }
        return String(decoding: bytes[(position + 1)..<end], as: UTF8.self)
    }
}
