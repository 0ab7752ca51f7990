"""Everything that an engine takes from outside: clock, entropy, patience. Passed as one object, never global."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Settings:
    """How an engine runs.

    `clock` gives aware UTC instants; `entropy(n)` gives n bytes and makes every id and salt, so a seeded source
    repeats a run. `retakes` is how often a decision is taken anew after somebody else wrote first; `patience`
    is how many seconds to wait for other writers of the store; `cached_streams` bounds the states kept.
    """

    clock: Callable[[], datetime] = utc_now
    entropy: Callable[[int], bytes] = os.urandom
    retakes: int = 20
    patience: float = 30.0
    cached_streams: int = 20_000
