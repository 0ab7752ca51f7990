"""A psycopg connection as read models ask for one: `?` for values, rows as tuples, many rows at once in one message.

Begins and ends no transaction, and finds tables by the `search_path` that the connection has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg.types.numeric import Int8BinaryDumper
from psycopg.types.string import StrBinaryDumper

from mentorcycle.projections.connection import Dialect

from ..stores.postgres_arrays import Array, adapt, long_numbers_or_none, texts_or_none

FEW = 20
"""Beyond so many rows a statement is run once, with an array of each of its values.

Not by COPY: while the server waits for rows none of its clocks runs, and nobody would part with a worker that was cut
off then.
"""

_COLUMNS: dict[str, Callable[[Any], Array]] = {"bigint[]": long_numbers_or_none, "text[]": texts_or_none}
_TOKENS = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\?")
_INSERT = re.compile(
    r"(INSERT INTO (\w+) (?:\(([\w, ]+)\) )?)VALUES \(\?(?:, \?)*\)(\s+ON CONFLICT\b.*)?", re.DOTALL
)
_UPDATE = re.compile(r"UPDATE (\w+)\s+SET (\w+ = \?(?:,\s+\w+ = \?)*)\s+WHERE (\w+ = \?(?: AND \w+ = \?)*)")
_DELETE = re.compile(r"DELETE FROM (\w+) WHERE (\w+ = \?(?: AND \w+ = \?)*)")
_TYPES = """SELECT attname, format_type(atttypid, NULL) || '[]' FROM pg_attribute
            WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
_types: WeakKeyDictionary[psycopg.Connection[Any], dict[str, dict[str, str]]] = WeakKeyDictionary()
"""Of each connection, the types of the columns of tables, as far as they were looked up."""


class Fault(Enum):
    """Whose fault it is that a batch could not be taken."""

    MEDIUM = "medium"
    EVENT = "event"
    MODEL = "model"


def fault_of(error: psycopg.Error) -> Fault:
    """Whether the server or the way to it failed, a value could not be kept, or a statement is wrong.

    What a server refuses to anybody (rights, read-only, no such schema) is the medium: another event fares no better.
    """
    code = error.sqlstate or ""
    if isinstance(error, psycopg.DataError | psycopg.IntegrityError) or code.startswith("54"):
        return Fault.EVENT  # 54: a value is too large, for an index for example
    if code.startswith(("42", "0A")) and code != "42501":
        return Fault.MODEL
    if not code and isinstance(error, psycopg.ProgrammingError | psycopg.NotSupportedError):
        return Fault.MODEL
    return Fault.MEDIUM


class Found:
    """Rows that have all arrived."""

    __slots__ = ("_rows",)

    def __init__(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = iter(rows)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        return next(self._rows, None)

    def fetchmany(self, size: int = 1, /) -> list[tuple[Any, ...]]:
        return list(islice(self._rows, size))

    def fetchall(self) -> list[tuple[Any, ...]]:
        return list(self._rows)


class PostgresConnection:
    """Speaks through a connection that somebody lends; not for two threads at a time.

    Rows can be read while further statements run. A statement that says `?::bigint[]` or `?::text[]` for each value is
    given many rows at once, as an array of each column.
    """

    dialect = Dialect.POSTGRES

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.raw = connection
        self._cursor = psycopg.RawCursor(connection)
        adapt(self._cursor)
        # One type for each kind of value, so that a statement is prepared once and not for every length of number.
        self._cursor.adapters.register_dumper(int, Int8BinaryDumper)
        self._cursor.adapters.register_dumper(str, StrBinaryDumper)

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> Found:
        """Run one statement; each `?` outside of quotes stands for one value."""
        cursor = self._cursor
        cursor.execute(_numbered(statement), values or None, prepare=bool(values), binary=True)
        return Found(cursor.fetchall() if cursor.description else [])

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Run one statement for each row. Many rows are one statement: what it changes, it changes once.

        Without a pipeline, which psycopg's own `executemany` makes: it ends with a message that stops the server's
        clock for who is idle in a transaction, and nobody would part with a worker that was cut off then.
        """
        rows = rows if isinstance(rows, list) else list(rows)
        if not rows:
            return
        many = _many(statement)
        if many.columns:
            columns = zip(many.columns, zip(*rows, strict=True), strict=True)
            self._cursor.execute(many.query, [array(items) for array, items in columns], prepare=True)
        elif many.table and len(rows) > FEW:
            types = self._types_of(many.table)
            wanted = [types[name] for name in many.names] or list(types.values())
            arrays = [
                _COLUMNS[type_](items) for type_, items in zip(wanted, zip(*rows, strict=True), strict=True)
            ]
            self._cursor.execute(many.for_all(wanted), arrays, prepare=True)
        else:
            for row in rows:
                self._cursor.execute(many.query, row, prepare=True)

    def _types_of(self, table: str) -> dict[str, str]:
        """The columns of a table, each with the type of an array of it."""
        known = _types.setdefault(self.raw, {})
        if table not in known:
            known[table] = dict(self._cursor.execute(_TYPES, (table,), prepare=True, binary=True).fetchall())
        return known[table]

    def chunks(self, statement: str, size: int, /) -> Iterator[list[tuple[Any, ...]]]:
        """Within a transaction, the rows of a query by so many; the server keeps the others back."""
        with psycopg.RawServerCursor(self.raw, "chunks") as cursor:
            cursor.execute(_numbered(statement), binary=True)
            while rows := cursor.fetchmany(size):
                yield rows


class _Many(NamedTuple):
    """How a statement is run for many rows: what makes an array of each column, or the `table` whose columns say what
    its values are, and the statement for all rows, which come as `c` with columns `v1`, `v2` and so on."""

    query: bytes
    columns: tuple[Callable[[Any], Array], ...] = ()
    table: str = ""
    names: tuple[str, ...] = ()
    together: str = ""

    def for_all(self, types: Sequence[str]) -> bytes:
        """The statement with one array for each value."""
        arrays = ", ".join(f"${number}::{type_}" for number, type_ in enumerate(types, 1))
        values = ", ".join(f"v{number}" for number, _ in enumerate(types, 1))
        return self.together.format(rows=f"unnest({arrays}) AS c({values})").encode()


@lru_cache(maxsize=512)
def _many(statement: str) -> _Many:
    query, text = _numbered(statement), statement.strip()
    if columns := tuple(_COLUMNS[found] for found in re.findall(r"\?::(\w+\[\])", text)):
        return _Many(query, columns)
    if insert := _INSERT.fullmatch(text):
        head, table, listed, rest = insert.groups()
        names = tuple(re.findall(r"\w+", listed or ""))
        return _Many(query, (), table, names, f"{head}SELECT c.* FROM {{rows}}{rest or ''}")
    if update := _UPDATE.fullmatch(text):
        table, sets, keys = update.groups()
        names = tuple(re.findall(r"(\w+) = \?", f"{sets} {keys}"))
        count = sets.count("?")
        values = ", ".join(f"{name} = c.v{number}" for number, name in enumerate(names[:count], 1))
        where = _same(names[count:], count)
        return _Many(query, (), table, names, f"UPDATE {table} AS t SET {values} FROM {{rows}} WHERE {where}")
    if delete := _DELETE.fullmatch(text):
        table, keys = delete.groups()
        names = tuple(re.findall(r"(\w+) = \?", keys))
        return _Many(
            query, (), table, names, f"DELETE FROM {table} AS t USING {{rows}} WHERE {_same(names, 0)}"
        )
    return _Many(query)


def _same(names: Sequence[str], before: int) -> str:
    return " AND ".join(f"t.{name} = c.v{number}" for number, name in enumerate(names, before + 1))


@lru_cache(maxsize=512)
def _numbered(statement: str) -> bytes:
    """The statement with `$1`, `$2` for `?`; what is quoted stays."""
    numbers = iter(range(1, 1 + statement.count("?")))
    return _TOKENS.sub(lambda found: f"${next(numbers)}" if found[0] == "?" else found[0], statement).encode()
