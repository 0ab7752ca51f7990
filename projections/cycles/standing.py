"""How an event changes where a cycle stands: the part of its fold that a list of cycles shows.

Pure, and in agreement with `domain.cycle.evolve` (a test compares them on random histories). Values are as the
table holds them: instants as microseconds, dates as ISO text, lists as compact JSON, None for an empty list.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

from mentorcycle.domain import events as e

from ..compact import compact
from ..moments import to_micros

ACTIVE, PAUSED, CANCELLED, COMPLETED = "active", "paused", "cancelled", "completed"


class Standing(NamedTuple):
    """`earlier` are the due dates set by hand in stages that were left, and when, for when an advance is taken back."""

    stage: str
    status: str
    since: int
    kind: str
    pairing: str
    participants: str
    extended: str | None = None
    extended_at: int | None = None
    earlier: str | None = None
    pauses: str | None = None
    rematch: str | None = None
    next_cycle: str | None = None

    def entered(self, stage: str, status: str, since: int, earlier: str | None) -> Standing:
        """In a stage since then; what happens most often, and three times as fast as `_replace`."""
        return Standing(
            stage,
            status,
            since,
            self.kind,
            self.pairing,
            self.participants,
            None,
            None,
            earlier,
            self.pauses,
            self.rematch,
            self.next_cycle,
        )


Handler = Callable[[Standing, Any, int], Standing]
HANDLERS: dict[type[e.Event], Handler] = {}
"""Event class to what it does; an event that is not here changes nothing that is listed."""

H = TypeVar("H", bound=Handler)


def packed(items: list[Any]) -> str | None:
    """A list as compact JSON."""
    return compact(items) if items else None


def unpacked(text: str | None) -> list[Any]:
    """The list that `packed` wrote."""
    return json.loads(text) if text else []


def people(participants: Iterable[e.Participant]) -> str:
    """Participants as JSON: person, mentee (0 or 1), mentor (0 or 1)."""
    return compact([(p.person, int(p.mentee), int(p.mentor)) for p in participants])


def opened(event: e.CycleOpened, at: int) -> Standing:
    """Where a cycle stands that has just been opened."""
    return Standing(event.stage, ACTIVE, at, event.kind.value, event.pairing, people(event.participants))


def _on(kind: type[e.Event]) -> Callable[[H], H]:
    def register(handler: H) -> H:
        HANDLERS[kind] = handler
        return handler

    return register


@_on(e.CycleAdvanced)
def _advanced(now: Standing, event: e.CycleAdvanced, at: int) -> Standing:
    earlier = now.earlier
    if now.extended or earlier:
        extension = [now.extended, now.extended_at] if now.extended else None
        earlier = packed([*unpacked(earlier), extension])
    if event.target == COMPLETED:
        return now.entered(now.stage, COMPLETED, at, earlier)
    return now.entered(event.target, now.status, at, earlier)


@_on(e.AdvanceUndone)
def _advance_undone(now: Standing, event: e.AdvanceUndone, at: int) -> Standing:
    *earlier, extension = unpacked(now.earlier) or [None]
    extended, extended_at = extension or (None, None)
    status = ACTIVE if now.status == COMPLETED else now.status
    back = now.entered(event.target, status, to_micros(event.since), packed(earlier))
    return back._replace(extended=extended, extended_at=extended_at) if extended else back


@_on(e.CyclePaused)
def _paused(now: Standing, event: e.CyclePaused, at: int) -> Standing:
    return now._replace(status=PAUSED, pauses=packed([*unpacked(now.pauses), [at, None]]))


@_on(e.CycleResumed)
def _resumed(now: Standing, event: e.CycleResumed, at: int) -> Standing:
    *before, last = unpacked(now.pauses)
    return now._replace(status=ACTIVE, pauses=packed([*before, [last[0], at]]))


@_on(e.CycleCancelled)
def _cancelled(now: Standing, event: e.CycleCancelled, at: int) -> Standing:
    pauses = unpacked(now.pauses)
    if pauses and pauses[-1][1] is None:
        pauses[-1][1] = at
    return now._replace(status=CANCELLED, pauses=packed(pauses))


@_on(e.CycleReopened)
def _reopened(now: Standing, event: e.CycleReopened, at: int) -> Standing:
    return now.entered(event.stage, ACTIVE, at, None)


@_on(e.CycleExtended)
def _extended(now: Standing, event: e.CycleExtended, at: int) -> Standing:
    return now._replace(extended=event.new_due.isoformat(), extended_at=at)


@_on(e.RematchAsked)
def _rematch_asked(now: Standing, event: e.RematchAsked, at: int) -> Standing:
    asked = unpacked(now.rematch)
    return now if event.person in asked else now._replace(rematch=packed([*asked, event.person]))


@_on(e.PartnerChanged)
def _partner_changed(now: Standing, event: e.PartnerChanged, at: int) -> Standing:
    return now._replace(
        kind=event.kind.value,
        pairing=event.new_pairing,
        participants=people(event.participants),
        rematch=None,
    )


@_on(e.CycleFollowed)
def _followed(now: Standing, event: e.CycleFollowed, at: int) -> Standing:
    return now._replace(next_cycle=event.next_cycle)
