"""How a command is declared: an imperative, frozen record of plain values.

Texts that only the pair may read are declared with `pair` and never printed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

from ..words import pair, pair_fields

COMMANDS: dict[str, type[Command]] = {}


class Command:
    """Base of every command; `command_name` is its class name.

    `pair_fields` name its words, `fresh_fields` are (field, letter) of ids that are made when left empty.
    """

    __slots__ = ()
    command_name: str
    pair_fields: tuple[str, ...]
    fresh_fields: tuple[tuple[str, str], ...]


C = TypeVar("C", bound=Command)


def fresh(letter: str, default: str) -> Any:
    """Declare an id that is made (with this letter) when the caller leaves it empty."""
    return field(default=default, metadata={"fresh": letter})


@dataclass_transform(frozen_default=True, field_specifiers=(field, pair, fresh))
def command(cls: type[C]) -> type[C]:
    """Declare a command class under its own name."""
    record: Any = dataclass(frozen=True, slots=True)(cls)
    record.command_name = cls.__name__
    record.pair_fields = pair_fields(record)
    record.fresh_fields = tuple(
        (f.name, f.metadata["fresh"]) for f in fields(record) if "fresh" in f.metadata
    )
    COMMANDS[cls.__name__] = record
    return record  # type: ignore[no-any-return]
