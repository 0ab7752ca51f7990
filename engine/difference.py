"""What changed between two states, field by field. States hold no words, so neither does a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any

from mentorcycle.domain.definition import DefinitionRef

from .states import State

ABSENT = None
_UNSAID = frozenset({"version", "source"})  # of the stream, and the text of a definition


@dataclass(frozen=True, slots=True)
class Changed:
    """A field by its path (`goals.g1.agreed`) before and after; None is absent."""

    field: str
    before: Any
    after: Any


def difference(before: State, after: State) -> list[Changed]:
    """Every field that differs, in the order of the state."""
    old, new = (dict(_flat(state)) if state.exists else {} for state in (before, after))
    paths = dict.fromkeys([*new, *old])
    pairs = ((path, old.get(path, ABSENT), new.get(path, ABSENT)) for path in paths)
    return [Changed(*pair) for pair in pairs if pair[1] != pair[2]]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every plain value below, with its path; members of a list are named by their id, of a set by themselves."""
    if is_dataclass(value):
        for field in fields(value):
            if field.name not in _UNSAID and not field.name.startswith("_"):
                yield from _flat(getattr(value, field.name), f"{path}.{field.name}" if path else field.name)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            digest = key.digest if isinstance(key, DefinitionRef) else None
            yield from _flat(digest or inner, f"{path}.{key}")
    elif isinstance(value, tuple) and value and is_dataclass(value[0]):
        for number, inner in enumerate(value, 1):
            names = (key for key in ("id", "person") if hasattr(inner, key))
            named = next(names, None)
            name = number if named is None else getattr(inner, named)
            below = _flat(inner, f"{path}.{name}")
            yield from ((place, value) for place, value in below if place != f"{path}.{name}.{named}")
    elif isinstance(value, set | frozenset):
        yield from ((f"{path}.{member}", True) for member in sorted(map(_plain, value), key=str))
    elif isinstance(value, tuple | list):
        yield path, [_plain(inner) for inner in value] or ABSENT
    else:
        yield path, _plain(value)


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case date():
            return value
        case tuple():
            return " ".join(str(_plain(inner)) for inner in value)
        case _:
            return value
