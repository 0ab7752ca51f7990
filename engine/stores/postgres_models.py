"""The tables of read models in PostgreSQL: a schema of their own beside the log, and who may use it.

For every version of a read model there are two sets of tables, one to serve and one to be filled, so nobody else needs
the right to make any. A role that is bound to one tenant has a schema that nobody else has. What is in the tables, and
how they are filled, is the readers' part.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from mentorcycle.projections import MODELS, ReadModel
from mentorcycle.projections.connection import Dialect, ddl

from ..readers.registry import POSTGRES_TABLES, slots

MODELS_VERSION = 1
FORMAT = "mentorcycle read models"

# Beside these the registry of the readers. `log` is the log that the read models follow: after a restore of that alone
# `origin` is a table that is gone, and no longer the one in its place; after one of both it is.
TABLES = (
    "CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL)",
    "CREATE TABLE log (origin regclass NOT NULL, place text NOT NULL)",
    # Who takes part in feeding, for whoever looks; who feeds what is said by the locks they hold.
    """CREATE TABLE workers (
         id text PRIMARY KEY,
         backend integer NOT NULL,
         name text NOT NULL,
         models text NOT NULL,
         started_at bigint NOT NULL,
         heartbeat_at bigint NOT NULL
       )""",
)


def models_schema(schema: str, role: str | None = None) -> str:
    """Where the read models of a log are; those of a role that is bound to a tenant are its own."""
    if role is None:
        return f"{schema}_models"
    return f"{schema}_models_{blake2b(role.encode(), digest_size=4).hexdigest()}"


def creation(schema: str, where: str, models: Sequence[ReadModel] = MODELS) -> list[str]:
    """Everything that makes the schema `where` for the read models of a log, in order, within a transaction."""
    return [
        f'CREATE SCHEMA IF NOT EXISTS "{where}"',
        *within(where, _tables(models)),
        *_facts(schema, where, models),
    ]


def creation_at_once(schema: str, where: str, models: Sequence[ReadModel] = MODELS) -> list[str]:
    """The same where every statement is a transaction of its own; there must be no such schema yet."""
    tables = "\n".join(_tables(models))
    return [f'CREATE SCHEMA "{where}"\n{tables}', *_facts(schema, where, models)]


def within(where: str, statements: Sequence[str]) -> list[str]:
    """Statements that make tables, in a schema, within a transaction."""
    return [f'SET LOCAL search_path = "{where}", pg_catalog', *statements]


def _tables(models: Sequence[ReadModel]) -> list[str]:
    registry = [ddl(table, Dialect.POSTGRES) for table in POSTGRES_TABLES]
    return [*TABLES, *registry, *(statement for model in models for statement in tables_of(model))]


def _facts(schema: str, where: str, models: Sequence[ReadModel]) -> list[str]:
    """The first rows, and whose tables are complete then."""
    return [
        f"INSERT INTO \"{where}\".meta VALUES ('format', '{FORMAT}'), ('schema', '{MODELS_VERSION}')",
        followed(schema, where),
        *(made(where, model) for model in models),
    ]


def followed(schema: str, where: str) -> str:
    """What notes which log the read models follow."""
    place = f'"{schema}".origin'
    return f"INSERT INTO \"{where}\".log VALUES ('{place}', '{place}')"


def made(where: str, model: ReadModel) -> str:
    """What notes that a version of a read model has its tables."""
    return f"INSERT INTO \"{where}\".made VALUES ('{model.name}', {model.version})"


def tables_of(model: ReadModel) -> list[str]:
    """What makes the tables of a version of a read model."""
    return [
        statement for slot in slots(model.version) for statement in model.statements(slot, Dialect.POSTGRES)
    ]


def rights(who: str, where: str) -> list[str]:
    """What lets a role, quoted already, keep the read models in a schema."""
    return [
        f'GRANT USAGE ON SCHEMA "{where}" TO {who}',
        f'GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA "{where}" TO {who}',
        *(
            f'REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON "{where}".{table} FROM {who}'
            for table in ("meta", "log", "made")
        ),
    ]
