"""Command ids: made when the caller gives none, and what shows that two commands are the same.

Two digests, so that one command can be compared with any other: a plain one of all but the words, and one of the
words, whose salt lies with them: once they are erased, nothing that is left can confirm a guess of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.ids import ALPHABET

from .codec import from_micros, packed, plain_fields, to_micros

_LENGTH = 26
_DIGITS = frozenset(ALPHABET)
_YEARS = range(2020, 2200)  # whoever makes ids of their own may make them alike
_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]


def new_command_id(now: datetime, entropy: bytes) -> str:
    """Twenty-six characters, time in front (they lie together in the store), eighty random bits behind."""
    number = (to_micros(now) // 1000 << 80) | int.from_bytes(entropy[:10], "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def made_at(command_id: str) -> datetime | None:
    """When an id was made, by the clock of the host that made it; None for one that is not ours."""
    if len(command_id) != _LENGTH or not _DIGITS.issuperset(command_id):
        return None
    number = 0
    for digit in command_id:
        number = number << 5 | ALPHABET.index(digit)
    try:
        moment = from_micros((number >> 80) * 1000)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year in _YEARS else None


@dataclass(frozen=True, slots=True)
class Content:
    """What a command id stands for: `plain` is the digest of all but the words, `words` are they, packed."""

    plain: bytes
    words: bytes = field(repr=False)

    def kept(self, salt: bytes) -> bytes:
        """What a store keeps of it; equal contents with equal salts keep equal bytes."""
        return self.plain + sha256(salt + self.words).digest() if self.words else self.plain

    def is_kept(self, kept: bytes, salt: bytes | None) -> bool:
        """Whether these bytes were kept of it; without a salt for the words, whether the rest of it fits."""
        return kept[: len(self.plain)] == self.plain if salt is None else kept == self.kept(salt)


def content_of(command: Command, actor: Actor, occurred_at: datetime | None) -> Content:
    """The command as it was sent, by whom, and when it is said to have happened.

    Which fields have words is part of the plain digest, as the events show it too; nothing of the words is.
    """
    fields = plain_fields(command)
    words = {name: text for name in command.pair_fields if _has_text(text := fields.pop(name, None))}
    when = None if occurred_at is None else to_micros(occurred_at)
    plain = packed((command.command_name, fields, list(words), actor.id, actor.role.value, when))
    return Content(sha256(plain).digest(), packed(words) if words else b"")


def _has_text(value: object) -> bool:
    """Whether it is more than white space, which is not kept."""
    if isinstance(value, tuple):
        return any(_has_text(item) for item in value)
    return value is not None and bool(str(value).strip())
