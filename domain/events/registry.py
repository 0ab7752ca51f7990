"""How an event is declared: a frozen record with a stored name and a schema version.

The stored name is what history knows; modules and classes may move. Bytes are the codec's part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

from ..words import pair, pair_fields, public

EVENTS: dict[str, type[Event]] = {}


class Event:
    """Base of every event; `topic` is `Name.schema-version` as stored, `pair_fields` name its words."""

    __slots__ = ()
    event_name: str
    schema: int
    topic: str
    pair_fields: tuple[str, ...]


E = TypeVar("E", bound=Event)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field, pair, public))
def event(name: str, schema: int = 1) -> Callable[[type[E]], type[E]]:
    """Declare an event class under its stored name; raise ValueError when the name is taken."""

    def declare(cls: type[E]) -> type[E]:
        if name in EVENTS:
            raise ValueError(f"two events are called {name}")
        record: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
        record.event_name, record.schema, record.topic = name, schema, f"{name}.{schema}"
        record.pair_fields = pair_fields(record)
        EVENTS[name] = record
        return record  # type: ignore[no-any-return]

    return declare
