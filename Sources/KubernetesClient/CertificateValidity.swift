import FoundationEssentials
import KubernetesModel

/// When a certificate is valid: as much of X.509 as it takes to say which file has expired.
struct CertificateValidity {
    var notBefore: Time
    var notAfter: Time

    /// Of every certificate of a PEM text that is understood, in order.
    /// - Returns: `nil` when there is no certificate, or when the first is not understood.
    static func all(pem: Data) -> [Self]? {
        var rest = String(decoding: pem, as: UTF8.self)[...]
        var found: [Self] = []
        while let start = rest.firstRange(of: "-----BEGIN CERTIFICATE-----")?.upperBound,
            let end = rest[start...].firstRange(of: "-----END CERTIFICATE-----")
        {
            if let der = Data(base64Encoded: String(rest[start..<end.lowerBound].filter { !$0.isWhitespace })), let one = Self(der: der) {
                found.append(one)
            } else if found.isEmpty {
                return nil
            }
            rest = rest[end.upperBound...]
        }
        return found.isEmpty ? nil : found
    }

    private init?(der: Data) {
        // Certificate { tbsCertificate { [0] version?, serial, algorithm, issuer, validity { notBefore, notAfter }, … }, … }
        var certificate = DERReader(der)
        guard var body = certificate.next(0x30)?.reader, var signed = body.next(0x30)?.reader, var element = signed.next() else { return nil }
        if element.tag == 0xa0 {
            guard let serial = signed.next() else { return nil }
            element = serial
        }
        guard element.tag == 0x02, signed.next(0x30) != nil, signed.next(0x30) != nil, var validity = signed.next(0x30)?.reader,
            let first = validity.next().flatMap(Self.time), let last = validity.next().flatMap(Self.time)
        else { return nil }
        (notBefore, notAfter) = (first, last)
    }

    /// `YYMMDDHHMMSSZ` (a year from 50 on is of the last century) or `YYYYMMDDHHMMSSZ`.
    private static func time(_ element: DERReader.Element) -> Time? {
        var digits = String(decoding: element.content, as: UTF8.self)
        if element.tag == 0x17 { digits = (digits < "50" ? "20" : "19") + digits }
        guard element.tag == 0x17 || element.tag == 0x18, digits.utf8.count == 15, digits.hasSuffix("Z") else { return nil }
        let parts = [4, 2, 2, 2, 2, 2].reduce(into: (rest: digits[...], parts: [Substring]())) { state, length in
            state.parts.append(state.rest.prefix(length))
            state.rest = state.rest.dropFirst(length)
        }.parts
        return Time("\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):\(parts[5])Z")
    }
}

/// Reads one element of DER after the other.
private struct DERReader {
    struct Element {
        var tag: UInt8
        var content: Data.SubSequence
        var reader: DERReader { DERReader(content) }
    }

    private var rest: Data.SubSequence

    init(_ bytes: Data) { rest = bytes[...] }

    /// - Parameter tag: the tag the element has to have; any when `nil`.
    /// - Returns: `nil` at the end, or when the bytes make no sense.
    mutating func next(_ tag: UInt8? = nil) -> Element? {
        guard let found = rest.popFirst(), tag == nil || tag == found, let first = rest.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            guard (1...4).contains(first - 0x80) else { return nil }
            length = 0
            for _ in 0..<(first - 0x80) {
                guard let byte = rest.popFirst() else { return nil }
                length = length << 8 | Int(byte)
            }
        }
        guard length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(length) }
        return Element(tag: found, content: rest.prefix(length))
    }
}
