/// The results in the order of the inputs.
func concurrently<Input: Sendable, Output: Sendable>(_ inputs: [Input], _ body: @Sendable @escaping (Input) async -> Output) async -> [Output] {
    await withTaskGroup(of: (Int, Output).self) { group in
        for (index, input) in inputs.enumerated() {
            group.addTask { (index, await body(input)) }
        }
        var results: [(Int, Output)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
