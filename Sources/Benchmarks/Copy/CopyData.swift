/// The database whose copy is timed: pgbench's tables, whose rows are narrow, and one whose rows are wide and whose indexes are dear.
/// 2.2 GB at scale 1.
enum CopyData {
    /// - Parameter scale: 1 is pgbench's scale 100: 10 million accounts and a million wide rows.
    static func texts(scale: Double) -> [String] {
        func count(_ whole: Int) -> Int { max(1, Int((Double(whole) * scale).rounded())) }
        return [
            """
            CREATE TABLE pgbench_branches (bid int NOT NULL, bbalance int, filler char(88)) WITH (fillfactor=100);
            CREATE TABLE pgbench_tellers (tid int NOT NULL, bid int, tbalance int, filler char(84)) WITH (fillfactor=100);
            CREATE TABLE pgbench_accounts (aid int NOT NULL, bid int, abalance int, filler char(84)) WITH (fillfactor=100);
            CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
            ALTER TABLE pgbench_history REPLICA IDENTITY FULL;
            INSERT INTO pgbench_branches SELECT g, 0, '' FROM generate_series(1, \(count(100))) g;
            INSERT INTO pgbench_tellers SELECT g, (g - 1) / 10 + 1, 0, '' FROM generate_series(1, \(count(1000))) g;
            INSERT INTO pgbench_accounts SELECT g, (g - 1) / 100000 + 1, 0, '' FROM generate_series(1, \(count(10_000_000))) g;
            ALTER TABLE pgbench_branches ADD PRIMARY KEY (bid);
            ALTER TABLE pgbench_tellers ADD PRIMARY KEY (tid);
            ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid)
            """,
            """
            CREATE TABLE documents (id bigint NOT NULL, customer text NOT NULL, at timestamptz NOT NULL, note text NOT NULL, tags int[] NOT NULL,
                body jsonb NOT NULL);
            INSERT INTO documents SELECT g, 'customer ' || g % 50000 * 7919 % 50000, timestamptz '2024-01-01 00:00Z' + g * interval '1 minute',
                repeat(md5(g::text) || E'\\t\\\\ ', 6), ARRAY[g % 1000, g * 31 % 1000, g * 57 % 1000, g * 91 % 1000, g % 17, g % 5],
                jsonb_build_object('number', g, 'state', (ARRAY['new', 'open', 'shipped', 'closed'])[g % 4 + 1], 'reference', md5((g * 13)::text),
                    'lines', jsonb_build_array(jsonb_build_object('sku', g % 9973, 'count', g % 7), jsonb_build_object('sku', g % 7919, 'count', g % 3)))
                FROM generate_series(1, \(count(1_000_000))) g;
            ALTER TABLE documents ADD PRIMARY KEY (id);
            CREATE INDEX documents_customer ON documents (customer, at);
            CREATE INDEX documents_tags ON documents USING gin (tags)
            """,
        ]
    }
}
