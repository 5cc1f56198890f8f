/// Percent escapes as libpq reads them: '+' is a plus sign unless asked otherwise, and %00 is refused because a C string cannot hold it.
enum PercentEncoding {
    static func decode(_ bytes: ArraySlice<UInt8>, plusIsSpace: Bool = false) throws(ConnectionStringError.Fault) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            guard bytes[index] == UInt8(ascii: "%") else {
                decoded.append(plusIsSpace && bytes[index] == UInt8(ascii: "+") ? 0x20 : bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.endIndex, let high = ASCII.hexValue(bytes[index + 1]), let low = ASCII.hexValue(bytes[index + 2]),
                high | low != 0
            else { throw .invalidPercentEncoding }
            decoded.append(high << 4 | low)
            index += 3
        }
        // Repairing it would silently change a password.
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    /// Escapes everything but unreserved characters and `allowed`, so that every URL reader agrees on the value.
    static func encode(_ text: String, allowing allowed: UInt8? = nil) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            if ASCII.isUnreserved(byte) || byte == allowed {
                encoded.append(byte)
            } else {
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}

extension ConnectionStringError.Fault: Error {}
