"""The tables of a PostgreSQL log, made by `init_schema` and by nothing else, and the rights that roles need on them.

Opening a log never makes a table (see `postgres_connections`); what runs inside the server is in `postgres_routines`,
the tables of read models are in `postgres_models`, and what brings older ones up to date in `postgres_upgrade`.
"""

from __future__ import annotations

import re

import psycopg
from psycopg import sql

from mentorcycle.domain.errors import InvalidInput, StoreNeedsUpgrade, StoreUnavailable

from .postgres_errors import place_of
from .postgres_locks import lock_number
from .postgres_owner import PATIENCE_SECONDS, owning
from .postgres_routines import ROUTINES, TICKETS

SCHEMA_VERSION = 2
DEFAULT_SCHEMA = "mentorcycle"
PARTITIONS = 16
PARTITIONED = ("events", "commands", "words")  # by tenant, alike: what belongs to one tenant lies together

# `tx` is the number of the transaction that wrote a row (see `origin`), `n` the place of the event within it: an
# event's position is that of its transaction's first event, plus n. So the order costs one row a transaction, not one
# an event, and needs no sequence, which would leave gaps. Words are keyed as they are asked for, by stream and
# version; positions are not known yet when they are written. "C": an index must not depend on the libc of a host.
TABLES = (
    """CREATE TABLE events (
         tx bigint NOT NULL,
         version integer NOT NULL,
         n integer NOT NULL,
         tenant text COLLATE "C" NOT NULL,
         stream text COLLATE "C" NOT NULL,
         topic text COLLATE "C" NOT NULL,
         state bytea NOT NULL,
         PRIMARY KEY (tenant, stream, version)
       ) PARTITION BY HASH (tenant)""",
    "CREATE INDEX events_in_order ON events (tx, n)",
    """CREATE TABLE commands (
         tx bigint NOT NULL,
         n integer NOT NULL,
         events integer NOT NULL,
         tenant text COLLATE "C" NOT NULL,
         command_id text COLLATE "C" NOT NULL,
         content_hash bytea NOT NULL,
         PRIMARY KEY (tenant, command_id)
       ) PARTITION BY HASH (tenant)""",
    """CREATE TABLE words (
         version integer NOT NULL,
         tenant text COLLATE "C" NOT NULL,
         stream text COLLATE "C" NOT NULL,
         field text COLLATE "C" NOT NULL,
         commitment bytea NOT NULL,
         salt bytea NOT NULL,
         text text NOT NULL,
         PRIMARY KEY (tenant, stream, version, field)
       ) PARTITION BY HASH (tenant)""",
    # One row a transaction, written in it: when it was, by the clock of who wrote, and how many events it has.
    """CREATE TABLE arrivals (
         tx bigint PRIMARY KEY,
         recorded_at bigint NOT NULL,
         events integer NOT NULL
       )""",
    # One row a transaction, written by `place` when no other can come before it any more. Its `recorded_at` is the
    # latest up to there: clocks of hosts differ, and along positions time must not fall. It is reckoned here and not
    # when writing, since only here it is known what comes before; and from stored instants alone, not from the clock
    # of who reckons, since a placing that a crash undid must come out the same again.
    """CREATE TABLE positions (
         tx bigint PRIMARY KEY,
         first bigint NOT NULL,
         recorded_at bigint NOT NULL,
         events integer NOT NULL
       )""",
    "CREATE UNIQUE INDEX positions_in_order ON positions (first) WHERE events > 0",
    # Transaction numbers belong to a cluster. `tx` is that number plus `shift`, and `adopt` sets a larger shift when
    # the log wakes up in another cluster, so that `tx` only ever grows.
    """CREATE TABLE origin (
         only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
         cluster text NOT NULL,
         shift bigint NOT NULL
       )""",
    "INSERT INTO origin (cluster, shift) SELECT system_identifier::text, 0 FROM pg_control_system()",
    "CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL)",
    TICKETS,
)

# A seat belt, not the proof: whoever owns the tables can drop them, and the audit then finds the traces.
APPEND_ONLY = ("events", "arrivals", "positions")

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,39}")


def checked(schema: str) -> str:
    """A name that can stand in SQL and in the name of a channel as it is."""
    if _NAME.fullmatch(schema) is None:
        raise InvalidInput(
            f"{schema!r} cannot be the name of a schema",
            "it has at most 40 small letters, digits and underscores, and begins with no digit",
            "for example: mentorcycle",
        )
    return schema


def channel(schema: str) -> str:
    """Where it is told that events were placed."""
    return f"{schema}_placed"


def listen_lock(schema: str) -> int:
    """The lock that is kept shared by who listens there."""
    return lock_number(schema, "listen")


def statements(schema: str = DEFAULT_SCHEMA) -> list[str]:
    """Everything that makes an empty log, in order; they count on `search_path` being the schema."""
    made = list(TABLES)
    for table in PARTITIONED:
        made += [
            f"CREATE TABLE {table}_{number:02} PARTITION OF {table}"
            f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
            for number in range(PARTITIONS)
        ]
        made.append(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    made += routines(schema)
    for table in APPEND_ONLY:
        made.append(
            f"CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )
        parts = [f"{table}_{n:02}" for n in range(PARTITIONS)] if table in PARTITIONED else []
        made += [
            f"CREATE TRIGGER {name}_are_kept BEFORE TRUNCATE ON {name} EXECUTE FUNCTION refuse_change()"
            for name in (table, *parts)
        ]
    made.append(f"INSERT INTO meta VALUES ('format', 'mentorcycle'), ('schema', '{SCHEMA_VERSION}')")
    return made


def routines(schema: str) -> list[str]:
    """What makes the routines of a log, or puts them in the place of older ones that take the same."""
    keys = {
        "{schema}": f'"{schema}"',
        "{channel}": channel(schema),
        "{place_lock}": str(lock_number(schema, "place")),
        "{listen_lock}": str(listen_lock(schema)),
    }
    made = []
    for routine in ROUTINES:
        for key, value in keys.items():
            routine = routine.replace(key, value)
        made.append(routine)
    return [*made, f'REVOKE ALL ON ALL ROUTINES IN SCHEMA "{schema}" FROM PUBLIC']


def grants(role: str, schema: str = DEFAULT_SCHEMA, *, tenant: str | None = None) -> list[str]:
    """What the owner says to let a role append and read, and nothing else; with `tenant`, of that tenant alone.

    Placing is a function of the owner, so nobody else writes positions, and who sees one tenant places for all. The
    policies name role and tenant: no setting of a session can widen them. Of other tenants such a role sees when they
    write and how many events, not what. Its read models are in a schema that nobody else may use.
    """
    from . import postgres_models as read_models

    who, where = _quoted(role), f'"{schema}"'
    models = read_models.models_schema(schema, role if tenant is not None else None)
    bound = "true" if tenant is None else f"tenant = {_literal(tenant)}"
    return [
        f"GRANT USAGE ON SCHEMA {where} TO {who}",
        *(
            f"GRANT SELECT, INSERT ON {where}.{table} TO {who}"
            for table in ("events", "commands", "words", "arrivals")
        ),
        *(f"GRANT SELECT ON {where}.{table} TO {who}" for table in ("positions", "origin", "meta")),
        f"GRANT EXECUTE ON ALL ROUTINES IN SCHEMA {where} TO {who}",
        *(
            f"CREATE POLICY {who} ON {where}.{table} TO {who} USING ({bound}) WITH CHECK ({bound})"
            for table in PARTITIONED
        ),
        *(read_models.creation_at_once(schema, models) if tenant is not None else ()),
        *read_models.rights(who, models),
    ]


def init_schema(
    conninfo: str,
    schema: str = DEFAULT_SCHEMA,
    *,
    dry_run: bool = False,
    patience: float = PATIENCE_SECONDS,
) -> bool:
    """Make an empty log in a database, and the tables of its read models; False when there is one of this version.

    A dry run only looks. `patience` is how many seconds a lock is waited for, and a server that says nothing.
    Any number of processes may do it at once: one makes it, the others wait. Raises `StoreNeedsUpgrade` for a log
    of another version, `StoreUnavailable` for a schema of another program, both left untouched.
    """
    from .postgres_upgrade import missing_models

    schema = checked(schema)
    with owning(conninfo, "db init", patience) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number(schema, "init"),))
        check_encoding(conninfo, connection)
        found = connection.execute(
            "SELECT count(c.oid) + (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = min(n.oid)),"
            " bool_or(c.relname = 'meta') FROM pg_namespace n"
            " LEFT JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname = %s",
            (schema,),
        ).fetchone()
        others, has_meta = found or (0, False)
        if has_meta:
            check_version(conninfo, schema, _version(connection, schema))
            return False
        if others:
            raise foreign(conninfo, schema)
        if dry_run:
            return True
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute(sql.SQL("SET LOCAL search_path = {}, pg_catalog").format(sql.Identifier(schema)))
        for statement in statements(schema):
            connection.execute(statement)
        for statement in missing_models(conninfo, connection, schema):
            connection.execute(statement)
    return True


def check_version(conninfo: str, schema: str, version: str | None) -> None:
    """Raise unless the version of a log is the one that this program speaks."""
    if version == str(SCHEMA_VERSION):
        return
    if version is None or not version.isdigit():
        raise foreign(conninfo, schema)
    raise StoreNeedsUpgrade(
        f"the log {place_of(conninfo)} has schema {version}",
        f"this program speaks schema {SCHEMA_VERSION}",
        "run: mentorcycle db upgrade" if int(version) < SCHEMA_VERSION else "install a newer mentorcycle",
    )


def check_encoding(conninfo: str, connection: psycopg.Connection) -> None:
    """Raise for a database that cannot keep every text: people have names in all scripts."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding not in ("UTF8", "SQL_ASCII"):  # the second keeps all bytes as they come
        raise StoreUnavailable(
            f"{place_of(conninfo)} cannot keep a log",
            f"its encoding is {encoding}, in which most names cannot be written",
            "make a database for it: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0",
        )


def missing(conninfo: str, schema: str) -> StoreUnavailable:
    """The error for a database without a log."""
    return StoreUnavailable(
        f"{place_of(conninfo)} holds no log yet",
        f"there are no tables of mentorcycle in its schema {schema!r}, and opening it makes none",
        "run: mentorcycle db init",
    )


def foreign(conninfo: str, schema: str) -> StoreUnavailable:
    """The error for a schema of another program; it has not been touched."""
    return StoreUnavailable(
        f"the schema {schema!r} of {place_of(conninfo)} is not a mentorcycle log",
        "it holds tables or functions of another program",
        "name another schema or database",
    )


def _version(connection: psycopg.Connection, schema: str) -> str | None:
    query = sql.SQL("SELECT value FROM {}.meta WHERE key = 'schema'").format(sql.Identifier(schema))
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    quoted = "'" + text.replace("'", "''") + "'"
    return (
        f" E{quoted}".replace("\\", "\\\\") if "\\" in text else quoted
    )  # whatever the session takes a backslash for
