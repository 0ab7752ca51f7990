"""A changed copy of a frozen record, and a record made from its values: for the fold and the codec.

`replace` and `__init__` of a frozen record pay for every field by name, three times as much. Here the fields are set
on an unfrozen twin with the same slots, which then becomes the record. Only for slotted dataclasses without
`__post_init__`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, TypeVar

R = TypeVar("R")

_COPIERS: dict[type, Callable[..., Any]] = {}
_TWINS: dict[type, type] = {}


def change(record: R, **changes: Any) -> R:
    """The same record with some fields replaced; raises KeyError for a field it does not have."""
    kind = type(record)
    copy: Callable[..., R] = _COPIERS.get(kind) or _copier(kind)
    return copy(record, changes)


def maker(kind: type[R]) -> Callable[..., R]:
    """What `kind(...)` does with a value for every field, by position."""
    names = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    lines = [f"    made.{name} = {name}" for name in names]
    make: Callable[..., R] = written(kind, f"({', '.join(names)})", lines, {})
    return make


def written(
    kind: type[Any], arguments: str, lines: Iterable[str], names: dict[str, Any]
) -> Callable[..., Any]:
    """A function that sets every field of `made` in `lines` and returns it as a record; `names` are its globals."""
    known = {**names, "new_": object.__new__, "twin_": _twin(kind), "kind_": kind}
    body = ["    made = new_(twin_)", *lines, "    made.__class__ = kind_", "    return made"]
    exec("\n".join([f"def function{arguments}:", *body]), known)
    function: Callable[..., Any] = known["function"]
    return function


def _copier(kind: type[Any]) -> Callable[..., Any]:
    names = [f.name for f in fields(kind)]
    setters = {name: getattr(_twin(kind), name).__set__ for name in names}
    lines = [
        *(f"    made.{name} = old.{name}" for name in names),
        "    for name, value in changes.items():",
        "        setters[name](made, value)",
    ]
    _COPIERS[kind] = written(kind, "(old, changes)", lines, {"setters": setters})
    return _COPIERS[kind]


def _twin(kind: type[Any]) -> type[Any]:
    """A class with the same slots whose instances can be set."""
    known = _TWINS.get(kind)
    if known is None:
        space: dict[str, Any] = {"__slots__": tuple(f.name for f in fields(kind))}
        if "__orig_bases__" in kind.__dict__:
            space["__orig_bases__"] = kind.__dict__["__orig_bases__"]
        known = _TWINS[kind] = type(f"_{kind.__name__}", kind.__bases__, space)
    return known
