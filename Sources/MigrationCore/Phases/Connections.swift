/// What others do to the connection strings: write them where the controller may not, or turn back what it wrote.
extension Visit {
    /// Before anything is opened, others have to write the connection strings; until then the fence stands, and its deadline undoes it.
    mutating func writtenOutside(_ target: TargetState) -> Decision? {
        guard record.awaitsWriter, target.fence != .open else { return nil }
        if let why = observation.secrets.whyUnknown { return wait(.observationFailed, "The connection strings cannot be observed: \(why)", wake: 2) }
        return strayedConnections(from: .target).map { wait($0.reason, $0.message, wake: 1) }
    }

    /// Why the connection strings do not lead to `side` although all was done for it: others have to write them, or turned back what was written. Nobody
    /// gains from a fight, so it is said once, and not written again. `nil` while there is something to write, or where they do lead there.
    mutating func strayedConnections(from side: Side) -> Record.Cause? {
        guard case .value(let state) = observation.secrets, let plan else { return nil }
        guard state != (side == .source ? .source : .target) else {
            record.awaited = nil
            return nil
        }
        let away = unturned(side)
        if plan.cutover.isWrittenOutside {
            let awaited = note(away)
            return .init(
                .awaitingConnections,
                "Waiting for somebody else to write \(awaited): it has to lead to the \(side.rawValue), as status.cutover.connections says.")
        }
        guard !away.isEmpty, away.allSatisfy({ $0.written == side }) else { return nil }
        let isNews = record.awaited == nil
        let places = note(away)
        let message =
            "After the switch to the \(side.rawValue) somebody else turned back \(places). It is not written again. Let whatever writes it lead it to the "
            + "\(side.rawValue); or stop that for this object and remove the annotation migrations.mystira.app/written of the Secret that keeps its originals."
        if isNews { notice(.warning, .connectionsTurnedBack, message) }
        return .init(.connectionsTurnedBack, message)
    }

    /// After a cutover that was undone, for whoever had begun to write.
    func tooEarly(_ plan: Plan) -> String {
        guard plan.cutover.isWrittenOutside, let state = observation.secrets.value, state != .source else { return "" }
        return " Connection strings lead to the target already, which takes no writes: lead them back to the source."
    }

    private func unturned(_ side: Side) -> [ConnectionValue] {
        observation.connections.filter { $0.state != (side == .source ? .source : .target) }
    }

    /// Remembers what is told, for the message of an abort, and so that it is told once.
    private mutating func note(_ values: [ConnectionValue]) -> String {
        let places = values.prefix(8).map { value in
            "\(value.object), key \(value.key)" + (value.writer.map { " (by \($0))" } ?? "")
        }
        let text = places.isEmpty ? "the connection strings" : places.joined(separator: "; ") + (values.count > 8 ? " and others" : "")
        record.awaited = String(text.prefix(512))
        return text
    }

    /// There is a key for the digests before anybody needs them.
    mutating func digestsPrepared(_ plan: Plan) -> Decision? {
        guard plan.cutover.isWrittenOutside, observation.secrets.value != nil, !observation.hasDigestKey else { return nil }
        return act(.prepareDigests, "Preparing digests of the connection strings that others have to write.")
    }
}
