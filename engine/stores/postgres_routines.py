"""What of an append runs inside the PostgreSQL server, so that it takes one message there and one back.

Part of the schema: a change here is a new version of it. Names in braces are filled in by `postgres_schema`. No rule
of admission is here but the one that is needed to go the short way: that everything is new.
"""

from __future__ import annotations

# The locks of an append, taken before anything is looked at. A stream that is written is locked against everybody, a
# stream that was only read against those who write it: as every append does so, and looks only after it has its locks
# (the next statement sees all that was committed until then), what it saw is still so when it commits. It has no
# number before it has looked (see `write`), so its number is above those of all that it saw: along positions, versions
# of a stream rise. Which numbers, in which order: `postgres_locks`.
HOLD = """
CREATE OR REPLACE FUNCTION hold(_keys bigint[], _alone boolean[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  _nothing text;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'appending needs READ COMMITTED: what is seen before a lock may be old after it';
  END IF;
  FOR i IN 1 .. cardinality(_keys) LOOP
    IF _alone[i] THEN
      _nothing := pg_advisory_xact_lock(_keys[i])::text;  -- an assignment is quicker than a PERFORM
    ELSE
      _nothing := pg_advisory_xact_lock_shared(_keys[i])::text;
    END IF;
  END LOOP;
END $$"""

# Which log this is. A dump that is restored makes tables, so it has another `tableoid`; a database made from a template
# another number, the server that a base backup or a standby became another timeline; `adopt` knows other clusters.
INCARNATION = """
CREATE OR REPLACE FUNCTION incarnation() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT concat_ws(
    '-', o.cluster, o.shift, d.oid, o.tableoid,
    CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END
  ) FROM {schema}.origin o, pg_database d WHERE d.datname = current_database()
$$"""

# Where a subtransaction leaves the number that it was given; no row of it is ever committed.
TICKETS = "CREATE TABLE tickets ()"

# The number of an append in a transaction that wrote before: its own may be older than what the append has seen by now,
# and two appends may not share it. So it is that of a subtransaction, which is begun here, writes, and is undone. The
# server hands out one row of numbers for all of them, so this one is new, and above those of all that was seen; and
# it is not settled before the transaction around it has ended, whose own number is smaller. A row shows the last 32
# bits of it, the others follow from the transaction's.
NUMBER = """
CREATE OR REPLACE FUNCTION number() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  _whole bigint := pg_current_xact_id()::text::bigint;
  _part bigint;
BEGIN
  BEGIN
    INSERT INTO {schema}.tickets DEFAULT VALUES RETURNING xmin::text::bigint INTO STRICT _part;
    RAISE SQLSTATE 'MC002';
  EXCEPTION WHEN SQLSTATE 'MC002' THEN
    NULL;
  END;
  RETURN _whole + (_part - _whole % 4294967296 + 4294967296) % 4294967296 + (SELECT o.shift FROM {schema}.origin o);
END $$"""

NOT_ADOPTED = "MC003"
"""What an append is refused with whose number would be behind positions that are given: see `adopt`."""

# Commands are inserted in the order of their ids: two batches that hold the same ones meet in the first. A host may
# have switched off waiting for the disk. That is no choice of its own: positions of others that come after it would
# move when a crash undoes it.
WRITE = """
CREATE OR REPLACE FUNCTION write(
  _at bigint,
  _tenants text[], _streams text[], _versions integer[], _topics text[], _states bytea[],
  _of text[], _ids text[], _hashes bytea[], _starts integer[], _counts integer[],
  _w_tenants text[], _w_streams text[], _w_versions integer[], _w_fields text[],
  _commitments bytea[], _salts bytea[], _texts text[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  _nothing text;
  _tx bigint;
BEGIN
  IF pg_current_xact_id_if_assigned() IS NULL THEN
    SELECT pg_current_xact_id()::text::bigint + o.shift INTO STRICT _tx FROM {schema}.origin o;
  ELSE
    _tx := {schema}.number();
  END IF;
  IF _tx <= (SELECT p.tx FROM {schema}.positions p ORDER BY p.tx DESC LIMIT 1) THEN
    RAISE SQLSTATE 'MC003' USING MESSAGE = 'this log came from another cluster after it was opened';
  END IF;
  IF current_setting('synchronous_commit') = 'off' THEN
    _nothing := set_config('synchronous_commit', 'on', true);
  END IF;
  INSERT INTO {schema}.commands (tx, n, events, tenant, command_id, content_hash)
    SELECT _tx, c.n, c.events, c.tenant, c.id, c.hash
    FROM unnest(_starts, _counts, _of, _ids, _hashes) c(n, events, tenant, id, hash) ORDER BY c.tenant, c.id;
  INSERT INTO {schema}.events (tx, version, n, tenant, stream, topic, state)
    SELECT _tx, e.version, e.n - 1, e.tenant, e.stream, e.topic, e.state
    FROM unnest(_tenants, _streams, _versions, _topics, _states)
      WITH ORDINALITY e(tenant, stream, version, topic, state, n);
  IF cardinality(_w_tenants) > 0 THEN
    INSERT INTO {schema}.words (version, tenant, stream, field, commitment, salt, text)
      SELECT w.version, w.tenant, w.stream, w.field, w.commitment, w.salt, w.text
      FROM unnest(_w_tenants, _w_streams, _w_versions, _w_fields, _commitments, _salts, _texts)
        w(tenant, stream, version, field, commitment, salt, text);
  END IF;
  INSERT INTO {schema}.arrivals (tx, recorded_at, events) VALUES (
    _tx,
    coalesce(_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
    cardinality(_streams)
  );
  RETURN _tx;
END $$"""

# Gives the settled prefix of the log its positions: all transactions below the oldest that is still open anywhere in
# the cluster, in the order of their numbers. One at a time; who comes second mostly finds `_mine` placed by the first.
# It need not wait for the disk: what a crash undoes, the next call does again, and comes to the same. Listeners keep
# their lock shared: it can be taken when there are none, and then nobody need be told.
PLACE = """
CREATE OR REPLACE FUNCTION place(
  _most integer, _mine bigint DEFAULT NULL, OUT placed integer, OUT base bigint, OUT recorded_at bigint
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  _nothing text;
  _horizon bigint;
  _last bigint;
  _next bigint;
  _at bigint;
  _one record;
BEGIN
  IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'place() has a transaction of its own: an open one is never below itself';
  END IF;
  placed := 0;
  _nothing := set_config('synchronous_commit', 'off', true);
  _nothing := pg_advisory_xact_lock({place_lock})::text;
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint + o.shift, coalesce(l.tx, 0), coalesce(l.next, 1), l.at
    INTO STRICT _horizon, _last, _next, _at
    FROM {schema}.origin o LEFT JOIN (
      SELECT p.tx, p.first + p.events AS next, p.recorded_at AS at FROM {schema}.positions p ORDER BY p.tx DESC LIMIT 1
    ) l ON true;
  IF _last >= _mine THEN
    SELECT p.first - 1, p.recorded_at INTO base, recorded_at FROM {schema}.positions p WHERE p.tx = _mine;
    RETURN;
  END IF;
  FOR _one IN
    SELECT a.tx, a.recorded_at, a.events FROM {schema}.arrivals a
    WHERE a.tx > _last AND a.tx < _horizon ORDER BY a.tx LIMIT _most
  LOOP
    _at := greatest(_at, _one.recorded_at);
    INSERT INTO {schema}.positions (tx, first, recorded_at, events) VALUES (_one.tx, _next, _at, _one.events);
    IF _one.tx = _mine THEN
      base := _next - 1;
      recorded_at := _at;
    END IF;
    _next := _next + _one.events;
    placed := placed + 1;
  END LOOP;
  IF placed > 0 AND NOT pg_try_advisory_xact_lock({listen_lock}) THEN
    PERFORM pg_notify('{channel}', '');
  END IF;
END $$"""

SETTLE = """
CREATE OR REPLACE FUNCTION settle(_tx bigint, OUT base bigint, OUT recorded_at bigint) LANGUAGE plpgsql AS $$
DECLARE
  _placed record;
BEGIN
  SELECT p.first - 1, p.recorded_at INTO base, recorded_at FROM {schema}.positions p WHERE p.tx = _tx;
  IF NOT FOUND THEN
    _placed := {schema}.place(10000, _tx);
    base := _placed.base;
    recorded_at := _placed.recorded_at;
  END IF;
END $$"""

# The short way of an append, for one tenant: everything is new, every stream is where it should be and the log is the
# one that was decided on (`_incarnation` null: any), or nothing is done and `_tx` stays null. The COMMIT is the durable
# one; what follows it is a second transaction in the same message.
APPEND = """
CREATE OR REPLACE PROCEDURE append(
  _at bigint, _keys bigint[], _alone boolean[], _incarnation text, _tenant text,
  _r_streams text[], _r_versions integer[],
  _streams text[], _versions integer[], _topics text[], _states bytea[],
  _ids text[], _hashes bytea[], _starts integer[], _counts integer[],
  _w_streams text[], _w_versions integer[], _w_fields text[], _commitments bytea[], _salts bytea[], _texts text[],
  INOUT _tx bigint, INOUT _base bigint, INOUT _recorded_at bigint
) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM {schema}.hold(_keys, _alone);
  IF _incarnation <> {schema}.incarnation() THEN
    RETURN;
  ELSIF EXISTS (
    SELECT FROM unnest(_r_streams, _r_versions) r(stream, version)
    WHERE r.version <> coalesce((
      SELECT e.version FROM {schema}.events e WHERE e.tenant = _tenant AND e.stream = r.stream
      ORDER BY e.version DESC LIMIT 1
    ), 0)
  ) THEN
    RETURN;
  END IF;
  _tx := {schema}.write(
    _at,
    array_fill(_tenant, ARRAY[cardinality(_streams)]), _streams, _versions, _topics, _states,
    array_fill(_tenant, ARRAY[cardinality(_ids)]), _ids, _hashes, _starts, _counts,
    array_fill(_tenant, ARRAY[cardinality(_w_streams)]), _w_streams, _w_versions, _w_fields,
    _commitments, _salts, _texts
  );
  COMMIT;
  SELECT s.base, s.recorded_at INTO _base, _recorded_at FROM {schema}.settle(_tx) s;
END $$"""

# The same for one command with one event, the usual one: half the work. The event goes to the first of `_streams`,
# `_versions` are those that all of them must have. Bit i of `_alone` says whether lock i is for its holder alone. What
# is not there (an instant, the log, words) is null. The locks are those of `hold`.
APPEND_ONE = """
CREATE OR REPLACE PROCEDURE append_one(
  _at bigint, _keys bigint[], _alone bigint, _incarnation text, _tenant text, _id text, _hash bytea,
  _streams text[], _versions integer[], _topic text, _state bytea,
  _fields text[], _commitments bytea[], _salts bytea[], _texts text[],
  INOUT _tx bigint, INOUT _base bigint, INOUT _recorded_at bigint
) LANGUAGE plpgsql AS $$
DECLARE
  _nothing text;
  _shift bigint;
  _log text;
  _last bigint;
  _stale boolean;
  _settled record;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'appending needs READ COMMITTED: what is seen before a lock may be old after it';
  ELSIF pg_current_xact_id_if_assigned() IS NOT NULL THEN
    RAISE EXCEPTION 'a transaction that wrote before it looked may stand before what it saw';
  END IF;
  FOR i IN 1 .. cardinality(_keys) LOOP
    IF _alone & 1 = 1 THEN
      _nothing := pg_advisory_xact_lock(_keys[i])::text;
    ELSE
      _nothing := pg_advisory_xact_lock_shared(_keys[i])::text;
    END IF;
    _alone := _alone >> 1;
  END LOOP;
  SELECT o.shift, {schema}.incarnation(), (SELECT p.tx FROM {schema}.positions p ORDER BY p.tx DESC LIMIT 1), EXISTS (
      SELECT FROM unnest(_streams, _versions) r(stream, version)
      WHERE r.version <> coalesce((
        SELECT e.version FROM {schema}.events e WHERE e.tenant = _tenant AND e.stream = r.stream
        ORDER BY e.version DESC LIMIT 1
      ), 0)
    ) INTO STRICT _shift, _log, _last, _stale FROM {schema}.origin o;
  IF _stale OR _incarnation <> _log THEN
    RETURN;
  END IF;
  _tx := pg_current_xact_id()::text::bigint + _shift;
  IF _tx <= _last THEN
    RAISE SQLSTATE 'MC003' USING MESSAGE = 'this log came from another cluster after it was opened';
  END IF;
  INSERT INTO {schema}.commands (tx, n, events, tenant, command_id, content_hash)
    VALUES (_tx, 0, 1, _tenant, _id, _hash);
  INSERT INTO {schema}.events (tx, version, n, tenant, stream, topic, state)
    VALUES (_tx, _versions[1] + 1, 0, _tenant, _streams[1], _topic, _state);
  IF _fields IS NOT NULL THEN
    INSERT INTO {schema}.words (version, tenant, stream, field, commitment, salt, text)
      SELECT _versions[1] + 1, _tenant, _streams[1], w.field, w.commitment, w.salt, w.text
      FROM unnest(_fields, _commitments, _salts, _texts) w(field, commitment, salt, text);
  END IF;
  INSERT INTO {schema}.arrivals (tx, recorded_at, events)
    VALUES (_tx, coalesce(_at, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint), 1);
  COMMIT;
  _settled := {schema}.settle(_tx);
  _base := _settled.base;
  _recorded_at := _settled.recorded_at;
END $$"""

# For a log that was restored into another cluster, or upgraded to one: nobody who wrote it there is still at it, so
# all of it is settled. Durable, unlike placing. Whoever connects does it; who was connected when a dump was
# restored over the log is told by the first append (MC003), whose number would never be placed.
ADOPT = """
CREATE OR REPLACE FUNCTION adopt() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  _last bigint;
BEGIN
  PERFORM pg_advisory_xact_lock({place_lock});
  SELECT coalesce(max(a.tx), 0) INTO _last FROM {schema}.arrivals a;
  UPDATE {schema}.origin o SET cluster = c.system_identifier::text, shift = _last
  FROM pg_control_system() c
  WHERE o.cluster <> c.system_identifier::text
     OR _last >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint + o.shift;
END $$"""

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% are append-only: no %', TG_TABLE_NAME, lower(TG_OP)
    USING ERRCODE = 'integrity_constraint_violation';
END $$"""

ROUTINES = (REFUSE_CHANGE, NUMBER, HOLD, INCARNATION, WRITE, PLACE, SETTLE, APPEND, APPEND_ONE, ADOPT)
