"""Columns of rows as PostgreSQL's binary arrays: an append hands over two dozen of them, most with one item.

psycopg's own dumper looks for the type of every list anew; these know it, and an append costs half the time of ours.
"""

from __future__ import annotations

from collections.abc import Collection
from struct import Struct

from psycopg.abc import AdaptContext
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format
from psycopg.types import array, numeric, string
from psycopg.types import bool as truth

_HEADER = Struct("!iiIii")  # dimensions, nulls, type of the items, how many, number of the first
_LENGTH = Struct("!i")
_NUMBER, _LONG_NUMBER = Struct("!ii"), Struct("!iq")
_MISSING = _LENGTH.pack(-1)
_BOOL, _BYTEA, _INT8, _INT4, _TEXT = 16, 17, 20, 23, 25


class Array(bytes):
    """An array as it goes over the wire; the statement says its type with a cast."""


class _Dumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Array) -> Buffer:
        return bytes(obj)


def adapt(context: AdaptContext) -> None:
    """Let a connection or a cursor take arrays, and all else as psycopg does, whatever a host wants for its own."""
    for kind in (string, numeric, truth, array):
        kind.register_default_adapters(context)
    context.adapters.register_dumper(Array, _Dumper)


def texts(items: Collection[str]) -> Array:
    """A `text[]`."""
    return _array(_TEXT, len(items), [item.encode() for item in items])


def blobs(items: Collection[bytes]) -> Array:
    """A `bytea[]`."""
    return _array(_BYTEA, len(items), items)


def numbers(items: Collection[int]) -> Array:
    """An `int[]`."""
    body = b"".join([_NUMBER.pack(4, item) for item in items])
    return Array(_HEADER.pack(1, 0, _INT4, len(items), 1) + body)


def long_numbers(items: Collection[int]) -> Array:
    """A `bigint[]`."""
    body = b"".join([_LONG_NUMBER.pack(8, item) for item in items])
    return Array(_HEADER.pack(1, 0, _INT8, len(items), 1) + body)


def texts_or_none(items: Collection[str | None]) -> Array:
    """A `text[]` in which some may be missing."""
    return _array(_TEXT, len(items), [None if item is None else item.encode() for item in items])


def long_numbers_or_none(items: Collection[int | None]) -> Array:
    """A `bigint[]` in which some may be missing."""
    pack = _LONG_NUMBER.pack
    body = b"".join([_MISSING if item is None else pack(8, item) for item in items])
    return Array(_HEADER.pack(1, int(None in items), _INT8, len(items), 1) + body)


def truths(items: Collection[bool]) -> Array:
    """A `bool[]`."""
    body = b"".join([b"\0\0\0\1\1" if item else b"\0\0\0\1\0" for item in items])
    return Array(_HEADER.pack(1, 0, _BOOL, len(items), 1) + body)


def _array(type_: int, count: int, items: Collection[bytes | None]) -> Array:
    length = _LENGTH.pack
    parts = [_HEADER.pack(1, int(None in items), type_, count, 1)]
    for item in items:
        parts += (_MISSING,) if item is None else (length(len(item)), item)
    return Array(b"".join(parts))
