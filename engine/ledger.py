"""Command ids: made when the caller gives none, and what shows that two commands are the same.

The digest of a command that carries words is salted, and its salt lies with the words: once they are erased,
nothing that is left can confirm a guess of them.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.ids import ALPHABET

from .codec import packed, plain_fields, to_micros

_PAIRS = [high + low for high in ALPHABET for low in ALPHABET]


def new_command_id(now: datetime, entropy: bytes) -> str:
    """Twenty-six characters, time in front (they lie together in the store), eighty random bits behind."""
    number = (to_micros(now) // 1000 << 80) | int.from_bytes(entropy[:10], "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def content_hash(command: Command, actor: Actor, occurred_at: datetime | None, salt: bytes) -> bytes:
    """What a command id stands for: the command as it was sent, by whom, and when it is said to have happened."""
    when = None if occurred_at is None else to_micros(occurred_at)
    content = (command.command_name, plain_fields(command), actor.id, actor.role.value, when)
    return sha256(salt + packed(content)).digest()


def carries_words(command: Command) -> bool:
    """Whether any field for the pair holds more than white space."""
    return any(_has_text(getattr(command, name)) for name in command.pair_fields)


def _has_text(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_has_text(item) for item in value)
    return value is not None and bool(str(value).strip())
