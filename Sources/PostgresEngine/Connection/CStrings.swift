import Glibc

/// Arrays of C strings for libpq, alive during one call.
enum CStrings {
    typealias Pointer = UnsafePointer<UnsafePointer<CChar>?>?

    /// `nil` elements become NULL; a NULL ends the array.
    static func with<Answer>(_ texts: [String?], _ body: (Pointer) -> Answer) -> Answer {
        let copies = unsafe texts.map { unsafe $0.flatMap { unsafe strdup($0) } }
        defer { unsafe copies.forEach { unsafe free($0) } }
        let pointers = unsafe copies.map { unsafe $0.map { unsafe UnsafePointer($0) } } + [nil]
        return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
    }

    static func with<Answer>(_ texts: [String], _ body: (Pointer) -> Answer) -> Answer { unsafe with(texts.map { Optional($0) }, body) }
}
