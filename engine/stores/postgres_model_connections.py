"""The connections to the read models of a PostgreSQL log: a pool of their own, with settings of their own.

What is written there is disposable and carries its progress with it, so nobody waits for the disk.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql

from mentorcycle.domain.errors import StoreNeedsUpgrade, StoreUnavailable

from ..readers import registry
from .pace import THREADS, Pace
from .postgres_connections import Connect, Connection, Connections, connect
from .postgres_errors import place_of
from .postgres_models import MODELS_VERSION, models_schema

_SETTINGS = {
    "default_transaction_isolation": "read committed",
    "synchronous_commit": "off",
    "jit": "off",
    "client_encoding": "UTF8",
}
_THERE = """
SELECT n.nspname, has_schema_privilege(n.oid, 'USAGE') FROM pg_namespace n
WHERE n.nspname = %(shared)s OR starts_with(n.nspname, %(shared)s || '_') ORDER BY 1"""
UPGRADE = "run: mentorcycle db upgrade"


def whereabouts(connection: Connection, conninfo: str, schema: str) -> str | None:
    """The schema of the read models that this role may use; None when it has been given none.

    Raises `StoreNeedsUpgrade` when nobody has made any.
    """
    shared = models_schema(schema)
    there: dict[str, bool] = dict(connection.execute(_THERE, {"shared": shared}).fetchall())
    if there.get(shared):
        return shared
    own = [name for name, usable in there.items() if usable]
    if len(own) == 1:
        return own[0]
    if shared not in there:
        raise StoreNeedsUpgrade(
            f"{place_of(conninfo)} has no tables for read models",
            f"the log was made before they were kept in the database, and there is no schema {shared!r}",
            f"let the owner {UPGRADE}",
        )
    return None


class ModelConnections(Connections):
    """Lends connections to the read models in the schema `where`, of the log in `schema`."""

    _settings: Mapping[str, str] = _SETTINGS

    def __init__(
        self,
        conninfo: str,
        *,
        schema: str,
        where: str,
        size: int,
        patience: float,
        read_only: bool,
        connect: Connect = connect,
        pace: Pace = THREADS,
    ) -> None:
        self.where = where
        super().__init__(
            conninfo,
            schema=schema,
            size=size,
            patience=patience,
            read_only=read_only,
            connect=connect,
            pace=pace,
        )

    def _look_over(self, connection: Connection) -> None:
        """The version of the registry that we speak, and that all of it follows the log that is there."""
        where = sql.Identifier(self.where)
        connection.execute(sql.SQL("SET search_path = {}, pg_catalog").format(where))
        try:
            row = connection.execute(
                "SELECT (SELECT value FROM meta WHERE key = 'schema'), "
                " (SELECT origin = to_regclass(place) FROM log)"
            ).fetchone()
        except psycopg.errors.UndefinedTable as error:
            raise StoreUnavailable(
                f"the schema {self.where!r} of {place_of(self.conninfo)} holds no read models of mentorcycle",
                "it has tables of another program, or lost some",
                "name another schema or database",
            ) from error
        version, of_this_log = row or (None, False)
        if version != str(MODELS_VERSION):
            older = (version or "0").isdigit() and int(version or 0) < MODELS_VERSION
            raise StoreNeedsUpgrade(
                f"the read models of {place_of(self.conninfo)} have schema {version}",
                f"this program speaks schema {MODELS_VERSION}",
                UPGRADE if older else "install a newer mentorcycle",
            )
        if not of_this_log:
            raise registry.of_another_log()
