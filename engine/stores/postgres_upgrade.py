"""Brings an older log in PostgreSQL up to date, with the tables of its read models: what is missing, as SQL.

Done by the owner alone, in one transaction under the lock that making a log takes, or printed for somebody to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable
from mentorcycle.projections import MODELS, ReadModel

from ..readers.registry import slots
from . import postgres_models as read_models
from .postgres_errors import place_of
from .postgres_locks import lock_number
from .postgres_owner import PATIENCE_SECONDS, owning, taking_long
from .postgres_routines import TICKETS
from .postgres_schema import (
    DEFAULT_SCHEMA,
    SCHEMA_VERSION,
    check_version,
    checked,
    foreign,
    missing,
    routines,
)

UPGRADES: dict[int, tuple[str, ...]] = {1: (TICKETS, "DROP FUNCTION place(integer)")}
"""What brings the log's own tables from a version to the next one, within their schema; routines are made anew then."""

# Roles that were let append, other than the owner, and whether a policy binds them to a tenant. Some need none.
_ROLES = """
SELECT DISTINCT r.rolname, coalesce(p.qual <> 'true', false)
FROM pg_class c CROSS JOIN aclexplode(c.relacl) a JOIN pg_roles r ON r.oid = a.grantee
LEFT JOIN pg_policies p ON p.schemaname = %(schema)s AND p.tablename = 'events' AND r.rolname = ANY (p.roles)
WHERE c.oid = to_regclass(%(events)s) AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner
ORDER BY 1"""
_GRANTEES = """
SELECT DISTINCT quote_ident(r.rolname) FROM pg_class c CROSS JOIN aclexplode(c.relacl) a
JOIN pg_roles r ON r.oid = a.grantee
WHERE c.oid = to_regclass(%s) AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner ORDER BY 1"""
# What somebody let read models leave out is not made anew. In a backup of the same log it lies where it was.
_OTHER_EVENTS = """DELETE FROM "{where}".discarded_events d WHERE NOT EXISTS (
  SELECT FROM "{schema}".positions p JOIN "{schema}".events e ON e.tx = p.tx AND e.n = d.position - p.first
  WHERE p.first <= d.position AND p.first + p.events > d.position AND e.tenant = d.tenant AND e.stream = d.stream
)"""
_FOLDED = "SELECT DISTINCT name, version FROM {}.read_models"
_OWNER = "SELECT pg_has_role(c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = to_regclass(%s)"

Connection = psycopg.Connection[tuple[Any, ...]]


def upgrade_schema(
    conninfo: str,
    schema: str = DEFAULT_SCHEMA,
    *,
    dry_run: bool = False,
    models: Sequence[ReadModel] = MODELS,
    patience: float = PATIENCE_SECONDS,
) -> list[str]:
    """Bring a log up to date; return the statements that were run, none when it was so already.

    A dry run only returns them. `patience` is how many seconds a lock is waited for, and a server that says nothing;
    the statements themselves may take longer. Raises `StoreNeedsUpgrade` when this program is too old,
    `StoreUnavailable` when there is no log, or for anybody but its owner.
    """
    schema = checked(schema)
    with owning(conninfo, "db upgrade", patience) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (lock_number(schema, "init"),))
        try:
            statements = _missing(conninfo, connection, schema, models)
        except psycopg.errors.InsufficientPrivilege:  # it cannot look into read models that are one tenant's
            raise _not_the_owner(conninfo) from None
        owner = connection.execute(_OWNER, (f'"{schema}".meta',)).fetchone()
        if statements and not dry_run and not (owner and owner[0]):
            raise _not_the_owner(
                conninfo, "or give them what this prints: mentorcycle db upgrade --print-sql"
            )
        if not dry_run:
            with taking_long(connection):
                for statement in statements:
                    connection.execute(statement)
    return statements


def _not_the_owner(conninfo: str, otherwise: str = "") -> StoreUnavailable:
    return StoreUnavailable(
        f"{place_of(conninfo)} was not brought up to date",
        "this role does not own its tables",
        ", ".join(filter(None, ("connect as their owner", otherwise))),
    )


def _missing(conninfo: str, connection: Connection, schema: str, models: Sequence[ReadModel]) -> list[str]:
    version = _version(conninfo, connection, schema)
    roles = [sql.Identifier(role).as_string(connection) for role, _ in _roles(connection, schema)]
    statements = _of_log(conninfo, schema, version, roles)
    return statements + missing_models(conninfo, connection, schema, models)


def missing_models(
    conninfo: str, connection: Connection, schema: str, models: Sequence[ReadModel] = MODELS
) -> list[str]:
    """What is missing beside a log for its read models."""
    statements: list[str] = []
    shared = read_models.models_schema(schema)
    there = _schemas(connection, shared)
    if shared not in there:
        statements += read_models.creation(schema, shared, models)
    for role, bound in _roles(connection, schema):
        where = read_models.models_schema(schema, role) if bound else shared
        if where not in there:
            statements += read_models.creation(schema, where, models) if bound else []
            statements += read_models.rights(sql.Identifier(role).as_string(connection), where)
    for where in there:
        statements += _of_models(conninfo, connection, schema, where, models)
    return statements


def _version(conninfo: str, connection: Connection, schema: str) -> int:
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s)", (f'"{schema}"',)
    ).fetchall()
    if not tables:
        raise missing(conninfo, schema)
    if ("meta",) not in tables:
        raise foreign(conninfo, schema)
    version = _meta(connection, schema)
    if version is None or not version.isdigit() or int(version) > SCHEMA_VERSION:
        check_version(conninfo, schema, version)
    return int(version or 0)


def _roles(connection: Connection, schema: str) -> list[tuple[str, bool]]:
    values = {"schema": schema, "events": f'"{schema}".events'}
    return [(role, bound) for role, bound in connection.execute(_ROLES, values).fetchall()]


def _of_log(conninfo: str, schema: str, version: int, roles: Sequence[str]) -> list[str]:
    statements: list[str] = []
    for step in range(version, SCHEMA_VERSION):
        if step not in UPGRADES:
            raise StoreNeedsUpgrade(
                f"the log {place_of(conninfo)} has schema {version}",
                f"this program knows no way from there to schema {SCHEMA_VERSION}",
                "bring it up to date with the releases between, one after the other",
            )
        statements += UPGRADES[step]
    if not statements:
        return []
    return [
        *read_models.within(schema, statements),
        *routines(schema),
        *(f'GRANT EXECUTE ON ALL ROUTINES IN SCHEMA "{schema}" TO {role}' for role in roles),
        f"UPDATE \"{schema}\".meta SET value = '{SCHEMA_VERSION}' WHERE key = 'schema'",
    ]


def _of_models(
    conninfo: str, connection: Connection, schema: str, where: str, models: Sequence[ReadModel]
) -> list[str]:
    """What one schema of read models lacks, and what it has that nobody needs any more."""
    version = _meta(connection, where)
    if version is not None and version.isdigit() and int(version) > read_models.MODELS_VERSION:
        raise StoreNeedsUpgrade(
            f"the read models of {place_of(conninfo)} have schema {version}",
            f"this program speaks schema {read_models.MODELS_VERSION}",
            "install a newer mentorcycle",
        )
    statements = _of_this_log(connection, schema, where)
    name = sql.Identifier(where)
    made = set(connection.execute(sql.SQL("SELECT model, version FROM {}.made").format(name)).fetchall())
    served = set(connection.execute(sql.SQL(_FOLDED).format(name)).fetchall())
    grantees = connection.execute(_GRANTEES, (f'"{where}".read_models',)).fetchall()
    for model in models:
        newest = max((version for known, version in made if known == model.name), default=0)
        if newest < model.version:
            statements += read_models.within(where, read_models.tables_of(model))
            statements.append(read_models.made(where, model))
            statements += [
                f'GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON "{where}".{table} TO {role}'
                for (role,) in grantees
                for slot in slots(model.version)
                for table in model.table_names(slot)
            ]
        old = (version for known, version in made if known == model.name and version < newest)
        for version_ in sorted(old):
            if (model.name, version_) not in served:
                statements += _dropped(connection, where, model.name, version_)
    return statements


def _of_this_log(connection: Connection, schema: str, where: str) -> list[str]:
    """What lets read models begin anew that follow a log that is gone: another was restored in its place."""
    query = sql.SQL("SELECT origin = to_regclass(place) FROM {}.log").format(sql.Identifier(where))
    row = connection.execute(query).fetchone()
    if row is not None and row[0]:
        return []
    return [
        *(f'DELETE FROM "{where}".{table}' for table in ("read_models", "progress", "dead_letters", "log")),
        _OTHER_EVENTS.format(where=where, schema=schema),
        read_models.followed(schema, where),
    ]


def _dropped(connection: Connection, where: str, model: str, version: int) -> list[str]:
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind = 'r' ORDER BY 1",
        (f'"{where}"',),
    ).fetchall()
    ends = tuple(f"_{slot}" for slot in slots(version))
    return [
        *(
            f'DROP TABLE "{where}".{table}'
            for (table,) in tables
            if table.startswith(f"{model}_") and table.endswith(ends)
        ),
        f"DELETE FROM \"{where}\".made WHERE model = '{model}' AND version = {version}",
    ]


def _schemas(connection: Connection, shared: str) -> list[str]:
    """The schemas of read models that there are."""
    found = connection.execute(
        "SELECT n.nspname FROM pg_namespace n WHERE (n.nspname = %s OR starts_with(n.nspname, %s))"
        " AND EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = n.oid AND c.relname = 'made') ORDER BY 1",
        (shared, f"{shared}_"),
    )
    return [name for (name,) in found.fetchall()]


def _meta(connection: Connection, schema: str) -> str | None:
    query = sql.SQL("SELECT value FROM {}.meta WHERE key = 'schema'").format(sql.Identifier(schema))
    row = connection.execute(query).fetchone()
    return row[0] if row else None
