"""What the store says to PostgreSQL, for one schema. All of it is served by indexes; nothing of it decides."""

from __future__ import annotations

from dataclasses import dataclass

from mentorcycle.projections.projection import PART_OF

from .postgres_wire import Wired

_HEAD = "SELECT p.first + p.events - 1 FROM {s}.positions p ORDER BY p.tx DESC LIMIT 1"

# The transaction that holds a position, by its number and by its first position.
_AT = "FROM {s}.positions p WHERE p.events > 0 AND p.first <= {at} ORDER BY p.first DESC LIMIT 1"

# The inner LIMIT keeps the planner from anything but walking the order; what is not placed yet drops out in the join.
_LOG = """
  SELECT p.first + e.n, e.tenant, e.stream, e.version, e.topic, p.recorded_at, e.state FROM (
    SELECT * FROM {s}.events o
    WHERE (o.tx, o.n) >= ((SELECT p.tx {start}), (SELECT %(after)s::bigint + 1 - p.first {start}))
      AND o.tx <= (SELECT p.tx {end}){only}
    ORDER BY o.tx, o.n LIMIT %(limit)s
  ) e JOIN {s}.positions p ON p.tx = e.tx
  WHERE p.first + e.n <= coalesce(%(upto)s::bigint, 9223372036854775807)
  ORDER BY e.tx, e.n"""

_STREAM = """
  SELECT p.first + e.n, e.tenant, e.stream, e.version, e.topic, p.recorded_at, e.state, e.tx
  FROM {s}.events e LEFT JOIN {s}.positions p ON p.tx = e.tx
  WHERE e.tenant = %(tenant)s AND e.stream = %(stream)s AND e.version > %(after)s
    AND (%(position)s::bigint IS NULL OR coalesce(p.first + e.n, 1 + coalesce(({head}), 0)) <= %(position)s)
  ORDER BY e.version"""

_STREAMS = """
  SELECT p.first + e.n, e.tenant, e.stream, e.version, e.topic, p.recorded_at, e.state, e.tx
  FROM unnest(%(streams)s::text[]) WITH ORDINALITY w(stream, place)
  CROSS JOIN LATERAL (
    SELECT * FROM {s}.events o WHERE o.tenant = %(tenant)s AND o.stream = w.stream ORDER BY o.version
  ) e
  LEFT JOIN {s}.positions p ON p.tx = e.tx
  ORDER BY w.place, e.version"""

# As on SQLite, the instant is looked for by halving, since it only rises: the answer lies in low..high.
_POSITION_AT = """
  WITH RECURSIVE search(low, high) AS (
    SELECT 0::bigint, coalesce(({head}), 0)
    UNION ALL
    SELECT CASE WHEN m.recorded_at <= %(at)s THEN m.first + m.events - 1 ELSE s.low END,
           CASE WHEN m.recorded_at <= %(at)s THEN s.high ELSE m.first - 1 END
    FROM search s CROSS JOIN LATERAL (SELECT p.first, p.events, p.recorded_at {middle}) m
    WHERE s.low < s.high
  )
  SELECT s.low FROM search s WHERE s.low >= s.high LIMIT 1"""

_COMMANDS = """
  SELECT c.command_id, c.content_hash, p.first + c.n, p.first + c.n + c.events - 1, p.recorded_at, c.tx
  FROM unnest(%(ids)s::text[]) w(id)
  JOIN {s}.commands c ON c.tenant = %(tenant)s AND c.command_id = w.id
  LEFT JOIN {s}.positions p ON p.tx = c.tx"""

_VERSIONS = """
  SELECT w.tenant, w.stream, coalesce((
    SELECT e.version FROM {s}.events e WHERE e.tenant = w.tenant AND e.stream = w.stream
    ORDER BY e.version DESC LIMIT 1
  ), 0)
  FROM unnest(%b::text[], %b::text[]) w(tenant, stream)"""

_KNOWN = """
  SELECT c.tenant, c.command_id, c.content_hash
  FROM unnest(%b::text[], %b::text[]) w(tenant, id)
  JOIN {s}.commands c ON c.tenant = w.tenant AND c.command_id = w.id"""

# Within a transaction events have no positions, and those that it wrote itself never will before it ends. When they
# were written is told by their arrival, each looked up by its key: no plan for these can go over a whole table.
_WITHIN = """
  SELECT 0, e.tenant, e.stream, e.version, e.topic,
         (SELECT a.recorded_at FROM {s}.arrivals a WHERE a.tx = e.tx), e.state"""

# The same two questions about one tenant, who is known when they are planned, which is each time on a connection of a
# host: so it is planned for one partition and not for sixteen.
_OF_ONE = "(SELECT (%b::text[])[1] AS tenant) t"

_VERSIONS_WITHIN = (
    """
  SELECT t.tenant, w.stream, coalesce((
    SELECT e.version FROM {s}.events e WHERE e.tenant = t.tenant AND e.stream = w.stream
    ORDER BY e.version DESC LIMIT 1
  ), 0)
  FROM """
    + _OF_ONE
    + ", unnest(%b::text[]) w(stream)"
)

_KNOWN_WITHIN = (
    "SELECT c.tenant, c.command_id, c.content_hash FROM "
    + _OF_ONE
    + " JOIN {s}.commands c ON c.tenant = t.tenant AND c.command_id = ANY (%b::text[])"
)

_STREAM_WITHIN = (
    _WITHIN
    + """
  FROM {s}.events e WHERE e.tenant = %(tenant)s AND e.stream = %(stream)s AND e.version > %(after)s
  ORDER BY e.version"""
)

_STREAMS_WITHIN = (
    _WITHIN
    + """
  FROM unnest(%(streams)s::text[]) WITH ORDINALITY w(stream, place)
  CROSS JOIN LATERAL (
    SELECT * FROM {s}.events o WHERE o.tenant = %(tenant)s AND o.stream = w.stream ORDER BY o.version
  ) e
  ORDER BY w.place, e.version"""
)

_OF_COMMAND = (
    _WITHIN
    + """
  FROM {s}.events e WHERE e.tenant = %(tenant)s AND e.tx = %(tx)s AND e.n >= %(first)s AND e.n < %(end)s
  ORDER BY e.n"""
)

_EVENTS = "%b::text[], %b::int[], %b::text[], %b::bytea[]"
_COMMANDS_IN = "%b::text[], %b::bytea[], %b::int[], %b::int[]"
_WORDS_IN = "%b::text[], %b::int[], %b::text[], %b::bytea[], %b::bytea[], %b::text[]"
_ONE = (
    "$1::bigint, $2::bigint[], $3::bigint, $4::text, $5::text, $6::text, $7::bytea, $8::text[], $9::int[],"
    " $10::text, $11::bytea, $12::text[], $13::bytea[], $14::bytea[], $15::text[], NULL, NULL, NULL"
)
_LOCKS = "%b::bigint[], %b::bool[]"


# Where a commit waits for a standby, one more that does: what was there before it has come there, too.
_REPLICATE = """
  SELECT pg_logical_emit_message(true, 'mentorcycle', '')
  WHERE current_setting('synchronous_standby_names') <> '' AND NOT pg_is_in_recovery()"""


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements for the tables of one schema; `place` takes at most `batch` transactions at a time."""

    schema: str
    batch: int
    head: str
    stream: str
    streams: str
    log: str
    log_of_tenant: str
    log_wanted: str
    position_at: str
    commands: str
    words: str
    last_of_tenant: str
    place: str
    settle: str
    settled: str
    hold: str
    known: str
    versions: str
    incarnation: str
    adopt: str
    replicate: str
    size: str
    now: str
    shows_all: str
    write: str
    append: str
    append_one: Wired


def spoken_to(schema: str, *, batch: int = 10_000) -> Statements:
    """The statements for a schema."""
    s = f'"{schema}"'
    head = _HEAD.format(s=s)
    part = PART_OF.format(tenant="o.tenant", stream="o.stream")
    log = {
        "s": s,
        "start": _AT.format(s=s, at="%(after)s::bigint + 1"),
        "end": _AT.format(s=s, at="coalesce(%(upto)s::bigint, 9223372036854775807)"),
    }
    return Statements(
        schema=schema,
        batch=batch,
        head=f"SELECT coalesce(({head}), 0), EXISTS (SELECT FROM {s}.arrivals a WHERE a.tx > coalesce(("
        f"SELECT p.tx FROM {s}.positions p ORDER BY p.tx DESC LIMIT 1), 0))",
        stream=_STREAM.format(s=s, head=head),
        streams=_STREAMS.format(s=s),
        log=_LOG.format(**log, only=""),
        log_of_tenant=_LOG.format(
            **log,
            only=" AND o.tenant = %(tenant)s AND (%(topics)s::text[] IS NULL OR o.topic = ANY (%(topics)s))",
        ),
        log_wanted=_LOG.format(
            **log,
            only=" AND (%(kinds)s::text[] IS NULL OR o.stream ^@ ANY (%(kinds)s))"
            f" AND (%(parts)s::int IS NULL OR (%(parts)s::int >> {part}) & 1 = 1)",
        ),
        position_at=_POSITION_AT.format(head=head, middle=_AT.format(s=s, at="(s.low + s.high + 1) / 2")),
        commands=_COMMANDS.format(s=s),
        words=f"SELECT w.version, w.field, w.commitment, w.salt, w.text FROM {s}.words w"
        " WHERE w.tenant = %(tenant)s AND w.stream = %(stream)s ORDER BY w.version, w.field",
        last_of_tenant=f"SELECT p.first + e.n FROM {s}.events e JOIN {s}.positions p ON p.tx = e.tx"
        " WHERE e.tenant = %(tenant)s ORDER BY e.tx DESC, e.n DESC LIMIT 1",
        place=f"SELECT placed FROM {s}.place({batch})",
        settle=f"SELECT base, recorded_at FROM {s}.settle(%s)",
        settled=f"SELECT p.first - 1, p.recorded_at FROM {s}.positions p WHERE p.tx = %s",
        hold=f"SELECT {s}.hold({_LOCKS})",
        known=_KNOWN.format(s=s),
        versions=_VERSIONS.format(s=s),
        size="SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c"
        " WHERE c.relnamespace = to_regnamespace(%(schema)s) AND c.relkind = 'r'",
        replicate=_REPLICATE,
        now="SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
        # Of the policies that hold for a role one is enough; those of `grants` are its own.
        shows_all=f"SELECT NOT row_security_active('{s}.events') OR EXISTS (SELECT FROM pg_policy p"
        f" WHERE p.polrelid = '{s}.events'::regclass AND p.polpermissive"
        " AND pg_get_expr(p.polqual, p.polrelid) = 'true' AND EXISTS (SELECT FROM unnest(p.polroles) r"
        " WHERE r = 0 OR pg_has_role(r, 'USAGE')))",
        incarnation=f"SELECT {s}.incarnation()",
        adopt=f"SELECT {s}.adopt()",
        write=f"SELECT {s}.write(%b::bigint,"
        f" %b::text[], {_EVENTS}, %b::text[], {_COMMANDS_IN}, %b::text[], {_WORDS_IN})",
        append=f"CALL {s}.append(%b::bigint, {_LOCKS}, %b::text, %b::text, %b::text[], %b::int[],"
        f" {_EVENTS}, {_COMMANDS_IN}, {_WORDS_IN}, NULL, NULL, NULL)",
        append_one=Wired(f"append_one_{schema}", f"CALL {s}.append_one({_ONE})"),
    )


@dataclass(frozen=True, slots=True)
class Within:
    """The statements for a transaction that is not ours. None of them counts on settings of the session."""

    look: str
    patience: str
    stream: str
    streams: str
    command: str
    of_command: str
    known: str
    versions: str


def spoken_within(schema: str) -> Within:
    """The statements for a schema."""
    s = f'"{schema}"'
    return Within(
        look=f"SELECT current_setting('transaction_isolation'), {s}.incarnation()",
        patience="SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
        stream=_STREAM_WITHIN.format(s=s),
        streams=_STREAMS_WITHIN.format(s=s),
        command=f"SELECT c.content_hash, c.tx, c.n, c.events FROM {s}.commands c"
        " WHERE c.tenant = %(tenant)s AND c.command_id = %(id)s",
        of_command=_OF_COMMAND.format(s=s),
        known=_KNOWN_WITHIN.format(s=s),
        versions=_VERSIONS_WITHIN.format(s=s),
    )
