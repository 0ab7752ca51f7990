"""Words: texts that only the pair may read, and the declaration of who may see a field.

State, guards and replay never look into words, only at their presence. Sealing and reading them is
the engine's part; here they cannot even be printed.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from typing import Any

from .vocabulary import Visibility


@dataclass(frozen=True, slots=True)
class Words:
    """A text in an event: `commitment` (32 bytes) once sealed; `text` until then, or when opened for a reader.

    Two values are equal when their commitments are; the text is left out of `repr`, so that it
    cannot reach a log or a traceback.
    """

    commitment: bytes = b""
    text: str | None = field(default=None, compare=False, repr=False)


def words_or_none(text: str | None) -> Words | None:
    """Unsealed words of a text; None for None and for blank text."""
    return Words(text=text) if text is not None and text.strip() else None


def words_of(texts: tuple[str, ...]) -> tuple[Words, ...]:
    """Unsealed words of every text that is not blank, in order."""
    return tuple(Words(text=text) for text in texts if text.strip())


def pair(default: Any = ...) -> Any:
    """Declare a field that only the pair may see; it stays out of `repr`."""
    metadata = {"visibility": Visibility.PAIR}
    if default is ...:
        return field(repr=False, metadata=metadata)
    return field(default=default, repr=False, metadata=metadata)


def public(default: Any = ...) -> Any:
    """Declare a field that everyone may see."""
    metadata = {"visibility": Visibility.PUBLIC}
    if default is ...:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def visibility_of(declared: Field[Any]) -> Visibility:
    """Visibility of a dataclass field: `activity` unless declared otherwise."""
    visibility: Visibility = declared.metadata.get("visibility", Visibility.ACTIVITY)
    return visibility


def pair_fields(record: type[Any]) -> tuple[str, ...]:
    """Names of the fields of an event or command that only the pair may see."""
    return tuple(f.name for f in fields(record) if visibility_of(f) is Visibility.PAIR)
