/// A way to get a database from one server to the other, as it is called in results.
enum CopyWay: String, Sendable, Hashable, CaseIterable {
    /// `pg_dump -Fc` and `-Fp` into files, then `pg_restore`: what people are told to do.
    case runbook
    /// `pg_dump -Fd -j` into a folder, then `pg_restore -j`.
    case directory
    /// `pg_dump` into `psql`.
    case pipe
    /// `pgcopydb clone`.
    case pgcopydb
    /// Rows alone, by COPY into COPY.
    case floor
    /// Indexes and constraints alone, after the rows of ``floor``.
    case indexes
    /// This project's worker.
    case ours
    /// ``directory`` as it is called where it is the only one of its kind.
    case pgRestore

    /// In words, for people.
    func text(jobs: Int) -> String {
        switch self {
        case .runbook: "pg_dump -Fc, pg_dump -Fp, pg_restore"
        case .directory, .pgRestore: "pg_dump -Fd -j\(jobs) -Z0, pg_restore -j\(jobs)"
        case .pipe: "pg_dump piped into psql"
        case .pgcopydb: "pgcopydb clone, \(jobs) table and \(jobs) index jobs"
        case .floor: "floor: TRUNCATE and COPY FREEZE, \(jobs) streams, no indexes"
        case .indexes: "indexes and constraints of it, \(jobs) at once"
        case .ours: "dbmigration worker, \(jobs) jobs"
        }
    }
}
