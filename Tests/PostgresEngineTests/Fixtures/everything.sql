-- One of everything PostgreSQL 15 has. A superuser runs it in an empty database, part by part; the test picks the parts that the move
-- at hand can carry. A part begins with a line `-- part: <name>`.

-- part: roles
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY ['Fid "Owner" é', 'fid other', 'fid reader', 'fid granter', 'fid_group'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN EXECUTE format('CREATE ROLE %I', name); END IF;
        EXECUTE format('GRANT %I TO "Admin"', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY ['Fid "Owner" é', 'fid other'] LOOP
        EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), name);
    END LOOP;
    EXECUTE format('COMMENT ON DATABASE %I IS %L', current_database(), E'It''s "the" database\nof two lines');
    EXECUTE format('ALTER DATABASE %I SET search_path = "$user", public, "Sch é ""q"""', current_database());
    EXECUTE format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), '55min');
    EXECUTE format('ALTER DATABASE %I SET fid.custom = %L', current_database(), 'it''s, "q"');
    EXECUTE format('ALTER ROLE "fid reader" IN DATABASE %I SET work_mem = %L', current_database(), '7MB');
    EXECUTE format('ALTER ROLE "fid reader" IN DATABASE %I SET search_path = "$user", "Sch é ""q"""', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO "fid reader" WITH GRANT OPTION', current_database());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
GRANT fid_group TO "fid reader";
-- Of who makes everything on the target.
ALTER DEFAULT PRIVILEGES FOR ROLE "Admin" GRANT SELECT ON TABLES TO "fid reader";
ALTER DEFAULT PRIVILEGES FOR ROLE "Admin" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER ROLE "fid reader" SET lock_timeout = '3s';

-- part: common
SET search_path = public;
GRANT CREATE ON SCHEMA public TO "Fid ""Owner"" é";
CREATE SCHEMA "Sch é ""q""" AUTHORIZATION "Fid ""Owner"" é";
CREATE SCHEMA "select" AUTHORIZATION "Fid ""Owner"" é";
CREATE SCHEMA "fid other" AUTHORIZATION "fid other";
CREATE EXTENSION hstore SCHEMA "Sch é ""q""";
CREATE EXTENSION pg_trgm SCHEMA public;
CREATE EXTENSION btree_gist SCHEMA public;
SET ROLE "Fid ""Owner"" é";
COMMENT ON SCHEMA "Sch é ""q""" IS 'schema''s comment';
GRANT USAGE ON SCHEMA "Sch é ""q""" TO "fid reader";

-- Default privileges of a schema, and of everything a role makes.
ALTER DEFAULT PRIVILEGES IN SCHEMA "select" GRANT SELECT ON TABLES TO "fid reader";
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO "fid reader";
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Types.
CREATE TYPE mood AS ENUM ('so ''so''', 'ok', 'ünd "q"');
COMMENT ON TYPE mood IS 'an enum';
CREATE TYPE "Pa ir" AS (a int, "B b" text COLLATE "C", m mood);
CREATE DOMAIN positive AS int DEFAULT 1 CONSTRAINT "more than 0" CHECK (VALUE > 0);
ALTER DOMAIN positive ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID;
COMMENT ON DOMAIN positive IS 'a domain';
COMMENT ON CONSTRAINT small ON DOMAIN positive IS 'of a domain';
CREATE DOMAIN not_null_text AS text NOT NULL;
CREATE FUNCTION mood_distance(mood, mood) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$ SELECT 1.0::float8 $$;
CREATE TYPE mood_range AS RANGE (SUBTYPE = mood, MULTIRANGE_TYPE_NAME = mood_multi);
CREATE TYPE float_range AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
GRANT USAGE ON TYPE mood TO "fid reader";
REVOKE USAGE ON TYPE float_range FROM PUBLIC;
CREATE COLLATION "c copy" FROM "C";
COMMENT ON COLLATION "c copy" IS 'a libc collation';

-- Functions, procedures, aggregates, operators, casts.
CREATE FUNCTION f(a int, VARIADIC rest int[]) RETURNS int LANGUAGE plpgsql STABLE PARALLEL SAFE COST 7 SET search_path = pg_catalog
    AS $body$ BEGIN
SET SESSION AUTHORIZATION "nobody";
RETURN a + 1; -- $$ 'quotes' \ and é
END $body$;
COMMENT ON FUNCTION f(int, int[]) IS 'a function';
CREATE FUNCTION standard(a int) RETURNS int LANGUAGE sql IMMUTABLE BEGIN ATOMIC SELECT a * 2; END;
CREATE FUNCTION many(OUT a int, OUT b text) RETURNS SETOF record LANGUAGE sql ROWS 3 SECURITY DEFINER AS $$ VALUES (1, 'x') $$;
GRANT EXECUTE ON FUNCTION standard(int) TO "fid reader";
CREATE PROCEDURE "Do It"(INOUT a int) LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$;
COMMENT ON PROCEDURE "Do It"(int) IS 'a procedure';
CREATE FUNCTION sum_state(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce($1, 0) + coalesce($2, 0) $$;
CREATE AGGREGATE "My Sum"(int) (SFUNC = sum_state, STYPE = int, INITCOND = '0', PARALLEL = SAFE, COMBINEFUNC = sum_state);
COMMENT ON AGGREGATE "My Sum"(int) IS 'an aggregate';
CREATE FUNCTION mood_later(mood, mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1::text > $2::text $$;
CREATE FUNCTION mood_earlier(mood, mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1::text < $2::text $$;
CREATE OPERATOR "select".>>> (FUNCTION = mood_later, LEFTARG = mood, RIGHTARG = mood, COMMUTATOR = OPERATOR("select".<<<));
CREATE OPERATOR "select".<<< (FUNCTION = mood_earlier, LEFTARG = mood, RIGHTARG = mood, COMMUTATOR = OPERATOR("select".>>>));
COMMENT ON OPERATOR "select".>>> (mood, mood) IS 'an operator';
CREATE FUNCTION pair_of(text) RETURNS "Pa ir" LANGUAGE sql IMMUTABLE AS $$ SELECT ROW(1, $1, 'ok')::"Pa ir" $$;
CREATE CAST (text AS "Pa ir") WITH FUNCTION pair_of(text) AS ASSIGNMENT;
COMMENT ON CAST (text AS "Pa ir") IS 'a cast';
CREATE TEXT SEARCH DICTIONARY plain_dict (TEMPLATE = pg_catalog.simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION "Plain Search" (PARSER = pg_catalog."default");
ALTER TEXT SEARCH CONFIGURATION "Plain Search" ADD MAPPING FOR asciiword, word WITH plain_dict, english_stem;
COMMENT ON TEXT SEARCH CONFIGURATION "Plain Search" IS 'a configuration';
COMMENT ON TEXT SEARCH DICTIONARY plain_dict IS 'a dictionary';

-- Tables: defaults, identity, generated columns, every kind of constraint.
CREATE SEQUENCE free INCREMENT -5 MAXVALUE 100 START 50 CYCLE CACHE 3;
SELECT nextval('free'), nextval('free');
COMMENT ON SEQUENCE free IS 'a sequence';
GRANT USAGE ON SEQUENCE free TO "fid reader";
CREATE SEQUENCE "unused One" AS smallint;
CREATE TABLE parent (
    id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 2) PRIMARY KEY,
    other int GENERATED BY DEFAULT AS IDENTITY,
    "Na me" text NOT NULL DEFAULT E'it''s\t"é"' COLLATE "c copy",
    m mood DEFAULT 'ok', p "Pa ir", d positive, r mood_range, mr float_multirange, h "Sch é ""q""".hstore, tags text[] DEFAULT '{}',
    twice text GENERATED ALWAYS AS ("Na me" || "Na me") STORED,
    s serial, moment timestamptz DEFAULT '2026-01-01 00:00:00+00', gone int,
    CONSTRAINT "Na me is unique" UNIQUE NULLS NOT DISTINCT ("Na me", m) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT "longer than 0" CHECK (length("Na me") > 0) NO INHERIT,
    CONSTRAINT apart EXCLUDE USING gist (d WITH =, other WITH =) WHERE (d > 100)
) WITH (fillfactor = 80, autovacuum_enabled = false, toast.autovacuum_vacuum_threshold = 99);
ALTER TABLE parent DROP COLUMN gone;
ALTER TABLE parent ALTER COLUMN tags SET STORAGE EXTERNAL, ALTER COLUMN "Na me" SET COMPRESSION pglz, ALTER COLUMN m SET STATISTICS 77;
ALTER TABLE parent ALTER COLUMN other SET (n_distinct = -0.5);
ALTER TABLE parent ADD CONSTRAINT unproved CHECK (other > -1) NOT VALID;
COMMENT ON TABLE parent IS 'it''s a table';
COMMENT ON COLUMN parent."Na me" IS E'a column\nof two lines; \\ and é';
COMMENT ON CONSTRAINT unproved ON parent IS 'a constraint';
INSERT INTO parent ("Na me", m, p, d, r, mr, h, tags)
    SELECT E'tab\tline\nback\\slash ' || g, 'ok', ROW(g, 'b', 'ok')::"Pa ir", g % 100 + 1, '[so ''so'',ok]'::mood_range, '{[1,2),[3,4)}',
        'a=>1', ARRAY['x', NULL, 'é"'] FROM generate_series(1, 500) g;
SELECT setval(pg_get_serial_sequence('parent', 's'), 4711, false);
GRANT SELECT, INSERT ON parent TO "fid reader" WITH GRANT OPTION;
GRANT UPDATE ("Na me", m) ON parent TO PUBLIC;
GRANT SELECT (id) ON parent TO "fid granter" WITH GRANT OPTION;
CREATE TABLE child (id serial PRIMARY KEY, parent bigint REFERENCES parent (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, note text, n int,
    nullable int, CONSTRAINT "n is unique" UNIQUE (n, note) INCLUDE (nullable));
INSERT INTO child (parent, note, n) SELECT 10 + 2 * (g % 100), CASE WHEN g % 2 = 0 THEN 'n' || g END, g FROM generate_series(1, 300) g;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE child ADD CONSTRAINT unproved_fk FOREIGN KEY (nullable) REFERENCES child (id) ON UPDATE SET NULL NOT VALID;
-- A cycle.
CREATE TABLE egg (id int PRIMARY KEY, hen int);
CREATE TABLE hen (id int PRIMARY KEY, egg int REFERENCES egg (id) MATCH FULL);
ALTER TABLE egg ADD CONSTRAINT laid_by FOREIGN KEY (hen) REFERENCES hen (id) ON DELETE SET NULL (hen);
INSERT INTO egg VALUES (1, NULL), (2, NULL); INSERT INTO hen VALUES (1, 1), (2, 2); UPDATE egg SET hen = 3 - id;
COMMENT ON CONSTRAINT laid_by ON egg IS 'of a cycle';

-- Indexes and what hangs on them.
CREATE INDEX "Expr é" ON parent (lower("Na me") COLLATE "C" DESC NULLS LAST, (other + 1)) WHERE other > 3;
ALTER INDEX "Expr é" ALTER COLUMN 2 SET STATISTICS 123;
COMMENT ON INDEX "Expr é" IS 'an index';
CREATE INDEX trigrams ON parent USING gin ("Na me" gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX ranged ON parent USING brin (moment) WITH (pages_per_range = 16);
CREATE INDEX hashed ON parent USING hash (other);
CREATE UNIQUE INDEX child_parent_id ON child (id, n) WITH (fillfactor = 70);
ALTER TABLE child ALTER COLUMN n SET NOT NULL;
ALTER TABLE child REPLICA IDENTITY USING INDEX child_parent_id;
ALTER TABLE child CLUSTER ON child_pkey;
ALTER TABLE egg REPLICA IDENTITY FULL;
CREATE STATISTICS "Stat é" (ndistinct, mcv) ON other, m FROM parent;
CREATE STATISTICS expressions ON (other + 1), (lower("Na me")) FROM parent;
ALTER STATISTICS "Stat é" SET STATISTICS 321;
COMMENT ON STATISTICS "Stat é" IS 'statistics';

-- Partitions: range, list, hash, default, nested, attached indexes; inheritance.
CREATE TABLE parted (k int, l text, v text DEFAULT 'root', PRIMARY KEY (k, l)) PARTITION BY RANGE (k);
CREATE TABLE parted_low PARTITION OF parted FOR VALUES FROM (MINVALUE) TO (100) PARTITION BY LIST (l);
CREATE TABLE parted_low_a PARTITION OF parted_low (v DEFAULT 'leaf') FOR VALUES IN ('a', 'ä');
CREATE TABLE parted_low_rest PARTITION OF parted_low DEFAULT PARTITION BY HASH (l);
CREATE TABLE parted_low_0 PARTITION OF parted_low_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_low_1 PARTITION OF parted_low_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE parted_high (extra_gone int, v text, l text NOT NULL, k int NOT NULL);
ALTER TABLE parted_high DROP COLUMN extra_gone;
ALTER TABLE parted ATTACH PARTITION parted_high FOR VALUES FROM (100) TO (MAXVALUE);
CREATE TABLE parted_default PARTITION OF parted DEFAULT;
CREATE INDEX parted_v ON parted (v);
CREATE INDEX only_root ON ONLY parted (l);
CREATE INDEX attached_later ON parted_high (l);
ALTER INDEX only_root ATTACH PARTITION attached_later;
INSERT INTO parted SELECT g, CASE g % 3 WHEN 0 THEN 'a' ELSE 'b' || g END, 'v' FROM generate_series(0, 199) g;
CREATE TABLE refers_to_parted (id int PRIMARY KEY, k int, l text, FOREIGN KEY (k, l) REFERENCES parted);
INSERT INTO refers_to_parted VALUES (1, 0, 'a'), (2, 150, 'a');
CREATE TABLE animal (id int PRIMARY KEY, name text NOT NULL CHECK (name <> ''));
CREATE TABLE legged (legs int DEFAULT 4);
CREATE TABLE dog (breed text, PRIMARY KEY (id)) INHERITS (animal, legged);
INSERT INTO animal VALUES (1, 'amoeba'); INSERT INTO dog VALUES (2, 'rex', 3, 'mutt'); INSERT INTO legged VALUES (8);

-- Tables of odd shape and odd names.
CREATE TABLE "select"."table" ("from" int PRIMARY KEY, "WHERE" text, "a""b" int, "ünïcödé 日本語" text, "a b  c" text, "%I \ $1" text);
INSERT INTO "select"."table" VALUES (1, 'x', 2, 'y', 'z', 'p'), (2, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk (
    abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk bigserial PRIMARY KEY, v int UNIQUE);
INSERT INTO abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk (v) SELECT generate_series(1, 10);
CREATE TABLE "Sch é ""q"""."T ""q"" 'é' \ ." (id int PRIMARY KEY, doc jsonb, raw bytea, n numeric, i interval, t tsvector, u uuid, b bit(3));
INSERT INTO "Sch é ""q"""."T ""q"" 'é' \ ." VALUES (1, '{"a": [1, null, "é"]}', '\x00ff0a0d5c', 'NaN', '1 mon -2 days 03:04:05.6', 'a:1 b:2',
    '00000000-0000-0000-0000-000000000001', B'101'), (2, NULL, '', 1e100, NULL, NULL, NULL, NULL);
CREATE TABLE empty_table (a int PRIMARY KEY);
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE of_type OF "Pa ir" (PRIMARY KEY (a), "B b" WITH OPTIONS DEFAULT 'typed');
INSERT INTO of_type VALUES (1, DEFAULT, 'ok');
DO $$ BEGIN EXECUTE 'CREATE TABLE widest (' || (SELECT string_agg('c' || g || ' int2', ', ') FROM generate_series(1, 1600) g) || ')'; END $$;
INSERT INTO widest (c1, c800, c1600) VALUES (1, 2, 3);

-- Views; materialized views that read one another, the later-made one first.
CREATE VIEW v WITH (security_barrier = true, check_option = cascaded) AS SELECT id, "Na me" FROM parent WHERE id > 0;
COMMENT ON VIEW v IS 'a view';
CREATE VIEW v_invoker WITH (security_invoker = true) AS SELECT * FROM v;
CREATE RECURSIVE VIEW counting (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM counting WHERE n < 5;
ALTER VIEW v ALTER COLUMN id SET DEFAULT 3;
CREATE MATERIALIZED VIEW m_second AS SELECT 1::bigint AS n;
CREATE MATERIALIZED VIEW m_first AS SELECT count(*) AS n FROM child;
CREATE VIEW between AS SELECT n FROM m_first;
DROP MATERIALIZED VIEW m_second;
CREATE MATERIALIZED VIEW m_second AS SELECT n + 1 AS n FROM between;
CREATE UNIQUE INDEX m_second_n ON m_second (n);
CREATE MATERIALIZED VIEW "M empty" WITH (fillfactor = 50) AS SELECT 1 AS one WITH NO DATA;
COMMENT ON MATERIALIZED VIEW m_second IS 'a materialized view';
GRANT SELECT ON m_first TO "fid reader";
CREATE VIEW grouped AS SELECT id, "Na me", count(*) FROM parent GROUP BY id;

-- Triggers and rules.
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER "Ordinary é" BEFORE UPDATE OF "Na me" ON parent FOR EACH ROW WHEN (OLD.m IS DISTINCT FROM NEW.m) EXECUTE FUNCTION fire('an', 'argu''ment');
CREATE TRIGGER disabled AFTER INSERT ON parent FOR EACH ROW EXECUTE FUNCTION fire();
ALTER TABLE parent DISABLE TRIGGER disabled;
CREATE TRIGGER transition AFTER UPDATE ON child REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION fire();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fire();
CREATE TRIGGER instead INSTEAD OF INSERT ON grouped FOR EACH ROW EXECUTE FUNCTION fire();
CREATE TRIGGER on_parted BEFORE INSERT ON parted FOR EACH ROW EXECUTE FUNCTION fire();
ALTER TABLE parted_high DISABLE TRIGGER on_parted;
COMMENT ON TRIGGER "Ordinary é" ON parent IS 'a trigger';
CREATE RULE "no deletes é" AS ON DELETE TO animal WHERE OLD.id = 1 DO INSTEAD NOTHING;
CREATE RULE quiet AS ON UPDATE TO animal DO ALSO NOTHING;
ALTER TABLE animal DISABLE RULE quiet;
COMMENT ON RULE quiet ON animal IS 'a rule';

-- Row security.
CREATE TABLE secured (a int PRIMARY KEY, owner name DEFAULT current_user);
INSERT INTO secured VALUES (1, 'x'), (2, 'y');
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY "p é" ON secured AS RESTRICTIVE FOR SELECT TO "fid reader", fid_group USING (a > 1 AND owner = current_user);
CREATE POLICY everyone ON secured FOR INSERT TO PUBLIC WITH CHECK (a < 100);
COMMENT ON POLICY everyone ON secured IS 'a policy';

-- Privileges given by who got them with the right to pass them on.
RESET ROLE; SET ROLE "fid reader";
GRANT SELECT ON public.parent TO fid_group;
RESET ROLE; SET ROLE "fid granter";
GRANT SELECT (id) ON public.parent TO fid_group;
RESET ROLE; SET ROLE "fid other";
CREATE TABLE "fid other".owned_by_other (id int PRIMARY KEY, v text);
INSERT INTO "fid other".owned_by_other VALUES (1, 'x');
-- Its owner took the right to write from himself.
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON "fid other".owned_by_other FROM "fid other";
RESET ROLE;
REVOKE CREATE ON SCHEMA public FROM "Fid ""Owner"" é";

-- part: icu
-- What takes a server built with the libraries for it.
SET ROLE "Fid ""Owner"" é";
CREATE COLLATION "select"."Deutsch é" (PROVIDER = icu, LOCALE = 'de-u-co-phonebk', DETERMINISTIC = false);
COMMENT ON COLLATION "select"."Deutsch é" IS 'an ICU collation';
CREATE TABLE "select".sorted (name text COLLATE "select"."Deutsch é" PRIMARY KEY);
INSERT INTO "select".sorted VALUES ('Müller'), ('Mueller b');
RESET ROLE;
CREATE TABLE "select".documents (id int PRIMARY KEY, x xml);
ALTER TABLE "select".documents OWNER TO "Fid ""Owner"" é";
INSERT INTO "select".documents VALUES (1, '<a>é</a>'), (2, NULL);
-- Its owner may create nothing in its schema.
ALTER COLLATION "select"."Deutsch é" OWNER TO "fid other";

-- part: snapshot
-- What only a copy that stands still can carry.
SET ROLE "Fid ""Owner"" é";
CREATE UNLOGGED TABLE "select".unlogged (a serial PRIMARY KEY, v text);
INSERT INTO "select".unlogged (v) SELECT 'u' || g FROM generate_series(1, 50) g;
CREATE TRIGGER always BEFORE INSERT ON public.parent FOR EACH ROW EXECUTE FUNCTION public.fire();
ALTER TABLE public.parent ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER replica BEFORE INSERT ON public.parent FOR EACH ROW EXECUTE FUNCTION public.fire();
ALTER TABLE public.parent ENABLE REPLICA TRIGGER replica;
RESET ROLE;

-- part: large objects
SELECT lo_from_bytea(4200001, decode(string_agg(md5(g::text), '' ORDER BY g), 'hex')) FROM generate_series(1, 70000) g;
SELECT lo_from_bytea(4200002, '\x00ff'::bytea), lo_create(4200003);
SELECT count(lo_from_bytea(4300000 + g, convert_to('object ' || g, 'UTF8'))) FROM generate_series(1, 1500) g;
-- A hole between two chunks.
SELECT lo_create(4200004), lo_put(4200004, 3000000, '\x01');
ALTER LARGE OBJECT 4200001 OWNER TO "Fid ""Owner"" é";
ALTER LARGE OBJECT 4200002 OWNER TO "fid other";
ALTER LARGE OBJECT 4200003 OWNER TO "fid other";
ALTER LARGE OBJECT 4200004 OWNER TO "fid other";
DO $$ BEGIN FOR g IN 1..1500 LOOP EXECUTE format('ALTER LARGE OBJECT %s OWNER TO %I', 4300000 + g, 'fid other'); END LOOP; END $$;
GRANT SELECT ON LARGE OBJECT 4200001 TO "fid reader" WITH GRANT OPTION;
GRANT UPDATE ON LARGE OBJECT 4200001 TO PUBLIC;
REVOKE UPDATE ON LARGE OBJECT 4200002 FROM "fid other";
COMMENT ON LARGE OBJECT 4200001 IS E'it''s a\nlarge object';

-- part: superuser
-- What PostgreSQL lets only superusers make.
CREATE FUNCTION public.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER "Event é" ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION public.on_ddl();
COMMENT ON EVENT TRIGGER "Event é" IS 'an event trigger';
CREATE EVENT TRIGGER event_disabled ON sql_drop EXECUTE FUNCTION public.on_ddl();
ALTER EVENT TRIGGER event_disabled DISABLE;
CREATE OPERATOR FAMILY "select".mood_family USING btree;
COMMENT ON OPERATOR FAMILY "select".mood_family USING btree IS 'a family';
CREATE FUNCTION "select".reversed(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT btint4cmp($2, $1) $$;
CREATE OPERATOR CLASS "select"."Int Reversed" FOR TYPE int USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 "select".reversed(int, int);
COMMENT ON OPERATOR CLASS "select"."Int Reversed" USING btree IS 'a class';
CREATE INDEX by_class ON public.child (n "select"."Int Reversed");
CREATE FUNCTION public.c_function(text) RETURNS int LANGUAGE internal STRICT IMMUTABLE AS 'textlen';
CREATE FUNCTION public.leakproof(int) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF AS $$ SELECT $1 > 0 $$;
CREATE TYPE public.shell;
CREATE FUNCTION public.shell_in(cstring) RETURNS public.shell LANGUAGE internal STRICT IMMUTABLE AS 'int4in';
CREATE FUNCTION public.shell_out(public.shell) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'int4out';
CREATE TYPE public.shell (INPUT = public.shell_in, OUTPUT = public.shell_out, LIKE = int4);
CREATE CAST (public.shell AS int4) WITHOUT FUNCTION;
CREATE TEXT SEARCH TEMPLATE public.my_template (LEXIZE = dsimple_lexize, INIT = dsimple_init);
CREATE TEXT SEARCH PARSER public.my_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE FOREIGN DATA WRAPPER "Wrapper é" OPTIONS (debug 'true');
COMMENT ON FOREIGN DATA WRAPPER "Wrapper é" IS 'a wrapper';
GRANT USAGE ON FOREIGN DATA WRAPPER "Wrapper é" TO "fid other";
CREATE SERVER "Elsewhere é" TYPE 'odd' VERSION '1' FOREIGN DATA WRAPPER "Wrapper é" OPTIONS (host 'it''s');
COMMENT ON SERVER "Elsewhere é" IS 'a server';
GRANT USAGE ON FOREIGN SERVER "Elsewhere é" TO "fid other";
CREATE USER MAPPING FOR "fid reader" SERVER "Elsewhere é" OPTIONS ("user" 'u', password 'secret');
CREATE USER MAPPING FOR PUBLIC SERVER "Elsewhere é";
CREATE FOREIGN TABLE public."Far é" (a int OPTIONS (column_name 'b') NOT NULL, b text CHECK (b <> '')) SERVER "Elsewhere é" OPTIONS (table_name 'x');
COMMENT ON FOREIGN TABLE public."Far é" IS 'a foreign table';
COMMENT ON EXTENSION hstore IS 'hstore, with a comment of our own';
CREATE ACCESS METHOD heap_too TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE public.other_method (a int PRIMARY KEY) USING heap_too;
INSERT INTO public.other_method VALUES (1);
CREATE TRANSFORM FOR "Sch é ""q""".hstore LANGUAGE plpgsql (FROM SQL WITH FUNCTION prsd_lextype(internal));
