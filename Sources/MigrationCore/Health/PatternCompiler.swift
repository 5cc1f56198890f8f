/// Turns a pattern into steps.
struct PatternCompiler {
    private var steps: [PatternStep] = []
    /// Nodes that may still be visited: a repetition of nothing makes no steps, and yet counts.
    private var nodesLeft: Int
    private let limit: Int

    static func compile(_ node: PatternNode, limit: Int) throws(PatternError) -> [PatternStep] {
        var compiler = PatternCompiler(nodesLeft: 10 * limit, limit: limit)
        try compiler.emit(node)
        return compiler.steps + [.match]
    }

    private init(nodesLeft: Int, limit: Int) {
        self.nodesLeft = nodesLeft
        self.limit = limit
    }

    private mutating func emit(_ node: PatternNode) throws(PatternError) {
        nodesLeft -= 1
        guard steps.count < limit, nodesLeft > 0 else { throw PatternError("is too large: its repetitions make more than \(limit) steps") }
        switch node {
        case .take(let set): steps.append(.take(set))
        case .start: steps.append(.start)
        case .end: steps.append(.end)
        case .boundary(let wanted): steps.append(.boundary(wanted))
        case .sequence(let nodes): for node in nodes { try emit(node) }
        case .choice(let branches): try emit(choice: branches[...])
        case .repeated(let inner, let least, let most):
            for _ in 0..<least { try emit(inner) }
            guard let most else { return try emit(loop: inner) }
            for _ in 0..<(most - least) {
                let split = beginSplit()
                try emit(inner)
                steps[split] = .split(split + 1, steps.count)
            }
        }
    }

    private mutating func emit(loop inner: PatternNode) throws(PatternError) {
        let split = beginSplit()
        try emit(inner)
        steps.append(.jump(split))
        steps[split] = .split(split + 1, steps.count)
    }

    private mutating func emit(choice branches: ArraySlice<PatternNode>) throws(PatternError) {
        guard let first = branches.first else { return }
        guard branches.count > 1 else { return try emit(first) }
        let split = beginSplit()
        try emit(first)
        let jump = steps.count
        steps.append(.jump(0))
        steps[split] = .split(split + 1, steps.count)
        try emit(choice: branches.dropFirst())
        steps[jump] = .jump(steps.count)
    }

    private mutating func beginSplit() -> Int {
        steps.append(.split(0, 0))
        return steps.count - 1
    }
}
