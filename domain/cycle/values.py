"""Checks of single values in commands: ids that are known, numbers and instants that can be right.

Whether work is taken at all is in `rules`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from ..decision import Context
from ..refusal import Fact, Refusal

LONGEST_MINUTES = 600
"""No single meeting or lesson is longer: a longer one is a slip of the keyboard."""


def missing(what: str, kind: str, id: str, known: Iterable[str]) -> Refusal:
    """There is no such goal, observation or step here."""
    names = ", ".join(known) or "none yet"
    facts: dict[str, Fact] = {"kind": kind, "id": id, "known": names}
    return Refusal(f"no-such-{kind}", what, f"there is no {kind} {id!r}", f"{kind}s here: {names}", facts)


def bad(what: str, why: str, fix: str, **facts: Fact) -> Refusal:
    """A value that cannot be right."""
    return Refusal("bad-value", what, why, fix, facts)


def bad_minutes(what: str, minutes: int) -> Iterator[Refusal]:
    if not 0 < minutes <= LONGEST_MINUTES:
        why = f"{minutes} minutes cannot be right"
        yield bad(what, why, f"give 1 to {LONGEST_MINUTES} minutes", minutes=minutes)


def bad_number(what: str, name: str, value: float | None) -> Iterator[Refusal]:
    if value is not None and not math.isfinite(value):
        yield bad(what, f"the {name} is not a number", "give a number")


def bad_zone(what: str, moment: datetime) -> Iterator[Refusal]:
    """An instant is aware: what stands on a clock is nothing without its zone."""
    if moment.tzinfo is None:
        yield bad(what, f"{moment:%Y-%m-%d %H:%M} has no time zone", "add one, for example +00:00")


def bad_instant(what: str, moment: datetime, context: Context, fix: str) -> Iterator[Refusal]:
    """An instant that something happened at is aware and does not lie after today."""
    yield from bad_zone(what, moment)
    if context.programme.day(moment) > context.programme.day(context.now):
        yield bad(what, f"{context.programme.day(moment)} is in the future", fix)


def next_id(letter: str, taken: Iterable[str]) -> str:
    """The next free id of a kind in this cycle: `g1`, `g2`, …"""
    known = set(taken)
    return next(f"{letter}{n}" for n in range(1, len(known) + 2) if f"{letter}{n}" not in known)
