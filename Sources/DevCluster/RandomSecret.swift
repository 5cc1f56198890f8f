/// Passwords and tokens for throw-away use.
enum RandomSecret {
    /// 32 letters and digits from the system's generator: about 190 bits.
    static func make() -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        return String((0..<32).compactMap { _ in letters.randomElement() })
    }
}
