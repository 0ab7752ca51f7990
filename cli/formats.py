"""Rows for machines: plain, CSV, JSON and JSON lines, one line at a time.

Not for people (see `table`). Every JSON document names its schema: `{"schema": "mentorcycle/list/1", "as_of": …,
"rows": […]}` with one row a line, or `"record": {…}` for a single thing. JSON lines have no header: every line
carries `schema` and `as_of` beside its fields, so lines can be filtered, split and joined with others.
CSV has a heading, plain has none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .columns import Column, Row, json_of, text_of, values
from .text import keep_harmless

JSON_FORMAT = 1
"""Version of the envelope around rows, records and errors; each schema has a version of its own."""

_RESERVED = frozenset({"schema", "as_of"})
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CRLF = "\r\n"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def schema_name(schema: str) -> str:
    """`list/1` in full: `mentorcycle/list/1`."""
    return f"mentorcycle/{schema}"


def json_text(value: Any) -> str:
    """One line of JSON in readable UTF-8 in which nothing can steer a terminal; nothing is lost."""
    text = _ENCODER.encode(json_of(value))
    return _UNSAFE_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def plain_text(value: Any) -> str:
    """A value in one tab-separated cell; backslash, tab and line ends are written as in C."""
    return keep_harmless(text_of(value).translate(_ESCAPES), kept="")


def csv_text(value: Any) -> str:
    """A value in one CSV cell; text that a spreadsheet would take for a formula gets an apostrophe."""
    text = keep_harmless(text_of(value), kept="\t\r\n")
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


def plain_rows(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[str]:
    """Tab-separated lines without a heading."""
    for row in rows:
        yield "\t".join(map(plain_text, values(columns, row)))


def plain_record(columns: Sequence[Column], row: Row) -> Iterator[str]:
    """A line for each field: name, tab, value."""
    for column, value in zip(columns, values(columns, row), strict=True):
        yield f"{column.key}\t{plain_text(value)}"


def csv_rows(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[str]:
    """Lines of CSV below a heading."""
    import csv

    lines: list[str] = []
    writer = csv.writer(_Appending(lines), lineterminator=_CRLF)  # so that both are quoted within a cell
    writer.writerow([column.key for column in columns])
    yield lines.pop().removesuffix(_CRLF)
    for row in rows:
        writer.writerow([csv_text(value) for value in values(columns, row)])
        yield lines.pop().removesuffix(_CRLF)


def json_rows(
    schema: str, columns: Sequence[Column], rows: Iterable[Row], as_of: object, facts: Mapping[str, Any]
) -> Iterator[str]:
    """One JSON document with a row on each line."""
    _check_names(columns)
    head = json_text({"schema": schema_name(schema), "as_of": as_of, **facts})
    yield f'{head[:-1]}, "rows": ['
    previous: str | None = None
    for row in rows:
        if previous is not None:
            yield f"{previous},"
        previous = json_text(_fields(columns, row))
    if previous is not None:
        yield previous
    yield "]}"


def json_record(
    schema: str, columns: Sequence[Column], row: Row, as_of: object, facts: Mapping[str, Any]
) -> Iterator[str]:
    """One JSON document on one line."""
    _check_names(columns)
    head = {"schema": schema_name(schema), "as_of": as_of, **facts}
    yield json_text({**head, "record": _fields(columns, row)})


def jsonl_rows(schema: str, columns: Sequence[Column], rows: Iterable[Row], as_of: object) -> Iterator[str]:
    """A JSON document for each row."""
    _check_names(columns)
    for row in rows:
        yield json_text({"schema": schema_name(schema), "as_of": as_of, **_fields(columns, row)})


class _Appending:
    """A file of lines for the `csv` module."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def write(self, text: str) -> int:
        self._lines.append(text)
        return len(text)


def _check_names(columns: Sequence[Column]) -> None:
    """What JSON lines cannot carry, no JSON carries: else the clash would first be met in the rarest format."""
    if clash := _RESERVED & {column.key for column in columns}:
        raise ValueError(f"columns may not be called {sorted(clash)}")


def _fields(columns: Sequence[Column], row: Row) -> dict[str, Any]:
    return dict(zip((column.key for column in columns), values(columns, row), strict=True))
