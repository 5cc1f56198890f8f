/// A database of many small tables, where what is done once for each table is what takes the time.
enum ManyTables {
    /// Statements hold a lock on each table until their transaction ends: a part at a time.
    private static let portion = 500

    static func texts(_ count: Int) -> [String] {
        stride(from: 0, to: count, by: portion).map { first in
            """
            DO $$ BEGIN FOR n IN \(first)..\(min(first + portion, count) - 1) LOOP
                EXECUTE format('CREATE TABLE small_%s (id int PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())', n);
                EXECUTE format('INSERT INTO small_%s SELECT g, ''name '' || g FROM generate_series(1, 5) g', n);
                EXECUTE format('CREATE INDEX ON small_%s (name)', n);
            END LOOP; END $$
            """
        }
    }
}
