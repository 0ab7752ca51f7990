CREATE SCHEMA mentorcycle;

SET LOCAL search_path = mentorcycle, pg_catalog;

CREATE TABLE events (
         tx bigint NOT NULL,
         version integer NOT NULL,
         n integer NOT NULL,
         tenant text COLLATE "C" NOT NULL,
         stream text COLLATE "C" NOT NULL,
         topic text COLLATE "C" NOT NULL,
         state bytea NOT NULL,
         PRIMARY KEY (tenant, stream, version)
       ) PARTITION BY HASH (tenant);

CREATE INDEX events_in_order ON events (tx, n);

CREATE TABLE commands (
         tx bigint NOT NULL,
         n integer NOT NULL,
         events integer NOT NULL,
         tenant text COLLATE "C" NOT NULL,
         command_id text COLLATE "C" NOT NULL,
         content_hash bytea NOT NULL,
         PRIMARY KEY (tenant, command_id)
       ) PARTITION BY HASH (tenant);

CREATE TABLE words (
         version integer NOT NULL,
         tenant text COLLATE "C" NOT NULL,
         stream text COLLATE "C" NOT NULL,
         field text COLLATE "C" NOT NULL,
         commitment bytea NOT NULL,
         salt bytea NOT NULL,
         text text NOT NULL,
         PRIMARY KEY (tenant, stream, version, field)
       ) PARTITION BY HASH (tenant);

CREATE TABLE arrivals (
         tx bigint PRIMARY KEY,
         recorded_at bigint NOT NULL,
         events integer NOT NULL
       );

CREATE TABLE positions (
         tx bigint PRIMARY KEY,
         first bigint NOT NULL,
         recorded_at bigint NOT NULL,
         events integer NOT NULL
       );

CREATE UNIQUE INDEX positions_in_order ON positions (first) WHERE events > 0;

CREATE TABLE origin (
         only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
         cluster text NOT NULL,
         shift bigint NOT NULL
       );

INSERT INTO origin (cluster, shift) SELECT system_identifier::text, 0 FROM pg_control_system();

CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);

CREATE TABLE events_00 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 0);

CREATE TABLE events_01 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 1);

CREATE TABLE events_02 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 2);

CREATE TABLE events_03 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 3);

CREATE TABLE events_04 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 4);

CREATE TABLE events_05 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 5);

CREATE TABLE events_06 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 6);

CREATE TABLE events_07 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 7);

CREATE TABLE events_08 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 8);

CREATE TABLE events_09 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 9);

CREATE TABLE events_10 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 10);

CREATE TABLE events_11 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 11);

CREATE TABLE events_12 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 12);

CREATE TABLE events_13 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 13);

CREATE TABLE events_14 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 14);

CREATE TABLE events_15 PARTITION OF events FOR VALUES WITH (MODULUS 16, REMAINDER 15);

ALTER TABLE events ENABLE ROW LEVEL SECURITY;

CREATE TABLE commands_00 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 0);

CREATE TABLE commands_01 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 1);

CREATE TABLE commands_02 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 2);

CREATE TABLE commands_03 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 3);

CREATE TABLE commands_04 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 4);

CREATE TABLE commands_05 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 5);

CREATE TABLE commands_06 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 6);

CREATE TABLE commands_07 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 7);

CREATE TABLE commands_08 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 8);

CREATE TABLE commands_09 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 9);

CREATE TABLE commands_10 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 10);

CREATE TABLE commands_11 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 11);

CREATE TABLE commands_12 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 12);

CREATE TABLE commands_13 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 13);

CREATE TABLE commands_14 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 14);

CREATE TABLE commands_15 PARTITION OF commands FOR VALUES WITH (MODULUS 16, REMAINDER 15);

ALTER TABLE commands ENABLE ROW LEVEL SECURITY;

CREATE TABLE words_00 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 0);

CREATE TABLE words_01 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 1);

CREATE TABLE words_02 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 2);

CREATE TABLE words_03 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 3);

CREATE TABLE words_04 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 4);

CREATE TABLE words_05 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 5);

CREATE TABLE words_06 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 6);

CREATE TABLE words_07 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 7);

CREATE TABLE words_08 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 8);

CREATE TABLE words_09 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 9);

CREATE TABLE words_10 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 10);

CREATE TABLE words_11 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 11);

CREATE TABLE words_12 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 12);

CREATE TABLE words_13 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 13);

CREATE TABLE words_14 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 14);

CREATE TABLE words_15 PARTITION OF words FOR VALUES WITH (MODULUS 16, REMAINDER 15);

ALTER TABLE words ENABLE ROW LEVEL SECURITY;


CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are append-only: no %', TG_TABLE_NAME, lower(TG_OP)
    USING ERRCODE = 'integrity_constraint_violation';
END $$;


CREATE FUNCTION hold(_keys bigint[], _alone boolean[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  _nothing text;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'appending needs READ COMMITTED: what is seen before a lock may be old after it';
  ELSIF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'a transaction that wrote before it looked may stand before what it saw';
  END IF;
  FOR i IN 1 .. cardinality(_keys) LOOP
    IF _alone[i] THEN
      _nothing := pg_advisory_xact_lock(_keys[i])::text;  -- an assignment is quicker than a PERFORM
    ELSE
      _nothing := pg_advisory_xact_lock_shared(_keys[i])::text;
    END IF;
  END LOOP;
END $$;


CREATE FUNCTION incarnation() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws(
    '-', o.cluster, o.shift, d.oid, o.tableoid,
    CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END
  ) FROM "mentorcycle".origin o, pg_database d WHERE d.datname = current_database()
$$;


CREATE FUNCTION write(
  _at bigint,
  _tenants text[], _streams text[], _versions integer[], _topics text[], _states bytea[],
  _of text[], _ids text[], _hashes bytea[], _starts integer[], _counts integer[],
  _w_tenants text[], _w_streams text[], _w_versions integer[], _w_fields text[],
  _commitments bytea[], _salts bytea[], _texts text[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  _tx bigint;
BEGIN
  SELECT pg_current_xact_id()::text::bigint + o.shift INTO STRICT _tx FROM "mentorcycle".origin o;
  INSERT INTO "mentorcycle".commands (tx, n, events, tenant, command_id, content_hash)
    SELECT _tx, c.n, c.events, c.tenant, c.id, c.hash
    FROM unnest(_starts, _counts, _of, _ids, _hashes) c(n, events, tenant, id, hash) ORDER BY c.tenant, c.id;
  INSERT INTO "mentorcycle".events (tx, version, n, tenant, stream, topic, state)
    SELECT _tx, e.version, e.n - 1, e.tenant, e.stream, e.topic, e.state
    FROM unnest(_tenants, _streams, _versions, _topics, _states)
      WITH ORDINALITY e(tenant, stream, version, topic, state, n);
  IF cardinality(_w_tenants) > 0 THEN
    INSERT INTO "mentorcycle".words (version, tenant, stream, field, commitment, salt, text)
      SELECT w.version, w.tenant, w.stream, w.field, w.commitment, w.salt, w.text
      FROM unnest(_w_tenants, _w_streams, _w_versions, _w_fields, _commitments, _salts, _texts)
        w(tenant, stream, version, field, commitment, salt, text);
  END IF;
  INSERT INTO "mentorcycle".arrivals (tx, recorded_at, events) VALUES (
    _tx,
    coalesce(_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
    cardinality(_streams)
  );
  RETURN _tx;
END $$;


CREATE FUNCTION place(_most integer, OUT placed integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  _horizon bigint;
  _tx bigint;
  _next bigint;
  _at bigint;
BEGIN
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'place() has a transaction of its own: an open one is never below itself';
  END IF;
  PERFORM set_config('synchronous_commit', 'off', true), pg_advisory_xact_lock(-831527456277681829);
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + o.shift INTO STRICT _horizon
    FROM "mentorcycle".origin o;
  SELECT p.tx, p.first + p.events, p.recorded_at INTO _tx, _next, _at
    FROM "mentorcycle".positions p ORDER BY p.tx DESC LIMIT 1;
  INSERT INTO "mentorcycle".positions (tx, first, recorded_at, events)
    SELECT a.tx, coalesce(_next, 1) + sum(a.events) OVER w - a.events,
           greatest(_at, max(a.recorded_at) OVER w), a.events
    FROM (
      SELECT * FROM "mentorcycle".arrivals s WHERE s.tx > coalesce(_tx, 0) AND s.tx < _horizon ORDER BY s.tx LIMIT _most
    ) a
    WINDOW w AS (ORDER BY a.tx);
  GET DIAGNOSTICS placed = ROW_COUNT;
  IF placed > 0 THEN
    PERFORM pg_notify('mentorcycle_placed', '');
  END IF;
END $$;


CREATE FUNCTION settle(_tx bigint, OUT base bigint, OUT recorded_at bigint) LANGUAGE plpgsql AS $$
BEGIN
  SELECT p.first - 1, p.recorded_at INTO base, recorded_at FROM "mentorcycle".positions p WHERE p.tx = _tx;
  IF NOT FOUND THEN
    PERFORM "mentorcycle".place(10000);
    SELECT p.first - 1, p.recorded_at INTO base, recorded_at FROM "mentorcycle".positions p WHERE p.tx = _tx;
  END IF;
END $$;


CREATE PROCEDURE append(
  _at bigint, _keys bigint[], _alone boolean[], _incarnation text, _tenant text,
  _r_streams text[], _r_versions integer[],
  _streams text[], _versions integer[], _topics text[], _states bytea[],
  _ids text[], _hashes bytea[], _starts integer[], _counts integer[],
  _w_streams text[], _w_versions integer[], _w_fields text[], _commitments bytea[], _salts bytea[], _texts text[],
  INOUT _tx bigint, INOUT _base bigint, INOUT _recorded_at bigint
) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM "mentorcycle".hold(_keys, _alone);
  IF _incarnation <> "mentorcycle".incarnation() THEN
    RETURN;
  ELSIF EXISTS (
    SELECT FROM unnest(_r_streams, _r_versions) r(stream, version)
    WHERE r.version <> coalesce((
      SELECT e.version FROM "mentorcycle".events e WHERE e.tenant = _tenant AND e.stream = r.stream
      ORDER BY e.version DESC LIMIT 1
    ), 0)
  ) THEN
    RETURN;
  END IF;
  _tx := "mentorcycle".write(
    _at,
    array_fill(_tenant, ARRAY[cardinality(_streams)]), _streams, _versions, _topics, _states,
    array_fill(_tenant, ARRAY[cardinality(_ids)]), _ids, _hashes, _starts, _counts,
    array_fill(_tenant, ARRAY[cardinality(_w_streams)]), _w_streams, _w_versions, _w_fields,
    _commitments, _salts, _texts
  );
  COMMIT;
  SELECT s.base, s.recorded_at INTO _base, _recorded_at FROM "mentorcycle".settle(_tx) s;
END $$;


CREATE FUNCTION adopt() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  _last bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(-831527456277681829);
  SELECT coalesce(max(a.tx), 0) INTO _last FROM "mentorcycle".arrivals a;
  UPDATE "mentorcycle".origin o SET cluster = c.system_identifier::text, shift = _last
  FROM pg_control_system() c
  WHERE o.cluster <> c.system_identifier::text
     OR _last >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + o.shift;
END $$;

REVOKE ALL ON ALL ROUTINES IN SCHEMA "mentorcycle" FROM PUBLIC;

CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_are_kept BEFORE TRUNCATE ON events EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_00_are_kept BEFORE TRUNCATE ON events_00 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_01_are_kept BEFORE TRUNCATE ON events_01 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_02_are_kept BEFORE TRUNCATE ON events_02 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_03_are_kept BEFORE TRUNCATE ON events_03 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_04_are_kept BEFORE TRUNCATE ON events_04 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_05_are_kept BEFORE TRUNCATE ON events_05 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_06_are_kept BEFORE TRUNCATE ON events_06 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_07_are_kept BEFORE TRUNCATE ON events_07 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_08_are_kept BEFORE TRUNCATE ON events_08 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_09_are_kept BEFORE TRUNCATE ON events_09 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_10_are_kept BEFORE TRUNCATE ON events_10 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_11_are_kept BEFORE TRUNCATE ON events_11 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_12_are_kept BEFORE TRUNCATE ON events_12 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_13_are_kept BEFORE TRUNCATE ON events_13 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_14_are_kept BEFORE TRUNCATE ON events_14 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER events_15_are_kept BEFORE TRUNCATE ON events_15 EXECUTE FUNCTION refuse_change();

CREATE TRIGGER arrivals_stay BEFORE UPDATE OR DELETE ON arrivals FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER arrivals_are_kept BEFORE TRUNCATE ON arrivals EXECUTE FUNCTION refuse_change();

CREATE TRIGGER positions_stay BEFORE UPDATE OR DELETE ON positions FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE TRIGGER positions_are_kept BEFORE TRUNCATE ON positions EXECUTE FUNCTION refuse_change();

INSERT INTO meta VALUES ('format', 'mentorcycle'), ('schema', '1');
