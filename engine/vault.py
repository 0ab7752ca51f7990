"""The seam between words and the log: sealing texts out of events, and giving them back to those who may read.

The event keeps a salted commitment; the text lies in a table beside the log, keyed by where it belongs. Nothing
here is encrypted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

from mentorcycle.domain.change import change
from mentorcycle.domain.events import Event
from mentorcycle.domain.words import Words

from .stores.port import NewWords

TAG = b"mentorcycle words 1"
SALT_BYTES = 16


def commitment(salt: bytes, stream: str, version: int, field: str, text: str) -> bytes:
    """What an event keeps of a text: a digest that says nothing without the salt, bound to its place."""
    place = f"{stream}\x1f{version}\x1f{field}".encode()
    return sha256(b"\x00".join((TAG, salt, place, text.encode()))).digest()


def seal(
    event: Event, stream: str, version: int, salt: Callable[[], bytes]
) -> tuple[Event, tuple[NewWords, ...]]:
    """The event with commitments in place of texts, and the texts for the table beside the log.

    The words of one event share a salt, which `salt` makes when there are any.
    """
    sealed: dict[str, Any] = {}
    kept: list[NewWords] = []
    grain = b""
    for name in event.pair_fields:
        value = getattr(event, name)
        if not value:
            continue
        grain = grain or salt()
        texts = {name: value} if isinstance(value, Words) else _numbered(name, value)
        shut = []
        for field, words in texts.items():
            text = words.text or ""
            digest = commitment(grain, stream, version, field, text)
            kept.append(NewWords(stream, version, field, digest, grain, text))
            shut.append(Words(digest))
        sealed[name] = shut[0] if isinstance(value, Words) else tuple(shut)
    return (change(event, **sealed), tuple(kept)) if sealed else (event, ())


def open_words(event: Event, version: int, words: Mapping[tuple[int, str], NewWords]) -> Event:
    """The event with its texts put back, as far as they are among `words` (by version and field)."""
    opened: dict[str, Any] = {}
    for name in event.pair_fields:
        value = getattr(event, name)
        if isinstance(value, Words):
            opened[name] = _opened(value, words.get((version, name)))
        elif value:
            fields = _numbered(name, value)
            opened[name] = tuple(_opened(w, words.get((version, f))) for f, w in fields.items())
    return change(event, **opened) if opened else event


def mismatches(
    stream: str, words: Iterable[NewWords], commitments: Mapping[tuple[int, str], bytes]
) -> list[str]:
    """Places whose text does not open the commitment that the log holds for it."""
    wrong = []
    for kept in words:
        try:
            digest = commitment(kept.salt, stream, kept.version, kept.field, kept.text)
        except (TypeError, ValueError):  # a salt that is no bytes, a text that is not UTF-8
            digest = b""
        if commitments.get((kept.version, kept.field), b"") != digest or not digest:
            wrong.append(f"{stream} {kept.version} {kept.field}")
    return wrong


def commitments_of(event: Event, version: int) -> dict[tuple[int, str], bytes]:
    """Every commitment that an event carries, by version and field."""
    found: dict[tuple[int, str], bytes] = {}
    for name in event.pair_fields:
        value = getattr(event, name)
        if isinstance(value, Words):
            found[version, name] = value.commitment
        elif value:
            found.update({(version, f): w.commitment for f, w in _numbered(name, value).items()})
    return found


def _numbered(name: str, words: tuple[Words, ...]) -> dict[str, Words]:
    return {f"{name}.{number}": one for number, one in enumerate(words)}


def _opened(sealed: Words, kept: NewWords | None) -> Words:
    return Words(sealed.commitment, kept.text) if kept else sealed
