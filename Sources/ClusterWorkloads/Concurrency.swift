/// Runs `body` for every element at the same time; waits for all of them, then throws the first error there was.
///
/// Not stopping at the first one leaves less half-done when, say, one of ten Secrets is refused.
func forEach<Element: Sendable>(_ elements: [Element], _ body: @Sendable @escaping (Element) async throws -> Void) async throws {
    let failure = await withTaskGroup(of: (any Error)?.self) { group in
        for element in elements {
            group.addTask {
                do {
                    try await body(element)
                    return nil
                } catch {
                    return error
                }
            }
        }
        return await group.reduce(nil) { $0 ?? $1 }
    }
    if let failure { throw failure }
}
