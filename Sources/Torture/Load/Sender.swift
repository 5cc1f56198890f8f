import MigrationCore
import PostgresEngine

/// Sends transactions in one session, each once, and writes down what became of them.
struct Sender: Sendable {
    let session: PostgresConnection
    let side: Side
    let database: String
    let journal: Journal

    enum Verdict: Sendable {
        case done
        /// This side takes no writes: the session is of no use any more.
        case refused
        /// The session is broken.
        case broken
    }

    func send(_ transaction: TortureTransaction) async -> Verdict {
        var commitSent = journal.now
        do {
            if transaction.isOneMessage {
                try await session.execute(
                    ([transaction.begin] + transaction.texts + ["COMMIT"]).joined(separator: "; "),
                    attempt: transaction.kind)
            } else {
                try await session.execute(transaction.begin)
                for step in transaction.steps {
                    switch step {
                    case .sql(let text): try await session.execute(text, attempt: transaction.kind)
                    case .pause(let milliseconds): try? await Task.sleep(for: .milliseconds(milliseconds))
                    }
                }
                commitSent = journal.now
                try await session.execute("COMMIT")
            }
            note(transaction, .acknowledged, began: commitSent)
            return .done
        } catch let error as PostgresError {
            return await failed(transaction, error, began: commitSent)
        } catch {
            note(transaction, .unknown, began: commitSent)
            return .broken
        }
    }

    private func failed(_ transaction: TortureTransaction, _ error: PostgresError, began: Int64) async
        -> Verdict
    {
        // A server that answers with an error of the statement has not committed; a session that ended may have.
        guard let state = error.sqlState, error.kind != .connectionLost, error.kind != .unreachable
        else {
            note(transaction, .unknown, began: began)
            return .broken
        }
        note(transaction, .refused, began: began)
        // Before the schema has been restored, and while a database is made anew, the target has no tables.
        if error.kind == .readOnly || (side == .target && ["42P01", "3F000"].contains(state)) {
            return .refused
        }
        // Locks, deadlocks, serialization, a row that is gone meanwhile.
        if error.kind != .conflict && error.kind != .cancelled
            && !["40001", "40P01", "23503"].contains(state)
        {
            journal.unexpected("\(transaction.kind) on \(side.rawValue): \(error.message) [\(state)]")
        }
        return (try? await session.execute("ROLLBACK")) == nil ? .broken : .done
    }

    private func note(_ transaction: TortureTransaction, _ outcome: Attempt.Outcome, began: Int64) {
        journal.add(
            Attempt(
                number: transaction.number, kind: transaction.kind, side: side, outcome: outcome,
                began: began, ended: journal.now),
            database: database)
    }
}

extension TortureTransaction {
    var texts: [String] {
        steps.compactMap { step in
            switch step {
            case .sql(let text): text
            case .pause: nil
            }
        }
    }
}
