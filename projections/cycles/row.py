"""One cycle in a list: where it stands at a moment, and what school-day arithmetic needs to say how late it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from mentorcycle.domain.vocabulary import PairingKind, Status

from ..moments import from_micros

COLUMNS = (
    "h.cycle, h.programme, h.definition, h.definition_version, h.opened_at, h.follows, h.opened,"
    " s.valid_from, s.at, s.stage, s.status, s.since, s.kind, s.pairing, s.participants, s.extended,"
    " s.extended_at, s.pauses, s.rematch, s.next_cycle, m.position, m.at"
)


class Member(NamedTuple):
    """A person in the cycle; both flags are set in a reciprocal pair."""

    person: str
    mentee: bool
    mentor: bool


class Pause(NamedTuple):
    """`end` is None while the pause lasts."""

    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle as a list shows it; names of fields are those of `domain.cycle.Cycle`.

    `opened` is the position of its first event (lists are in that order), `valid_from` that of the event from
    which all this is so, `last_position` and `last_at` (when it happened) those of its last event of any kind.
    """

    cycle: str
    programme: str
    definition: str
    definition_version: int
    kind: PairingKind
    pairing: str
    participants: tuple[Member, ...]
    stage: str
    status: Status
    opened_at: datetime
    since: datetime
    extended: date | None
    extended_at: datetime | None
    pauses: tuple[Pause, ...]
    rematch_asked: tuple[str, ...]
    follows: str | None
    next_cycle: str | None
    opened: int
    valid_from: int
    last_position: int
    last_at: datetime

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(member.person for member in self.participants)

    @property
    def mentees(self) -> tuple[str, ...]:
        return tuple(member.person for member in self.participants if member.mentee)

    @property
    def mentors(self) -> tuple[str, ...]:
        return tuple(member.person for member in self.participants if member.mentor)


def row_of(values: Sequence[Any]) -> CycleRow:
    """The row of what a query gave for `COLUMNS`."""
    (cycle, programme, definition, version, opened_at, follows, opened, *span, last, last_at) = values
    (valid_from, at, stage, status, since, kind, pairing, participants, *rest) = span
    (extended, extended_at, pauses, rematch, next_cycle) = rest
    if last is None or last < valid_from:
        last, last_at = valid_from, at
    return CycleRow(
        cycle=cycle,
        programme=programme,
        definition=definition,
        definition_version=version,
        kind=PairingKind(kind),
        pairing=pairing,
        participants=tuple(
            Member(p, bool(mentee), bool(mentor)) for p, mentee, mentor in json.loads(participants)
        ),
        stage=stage,
        status=Status(status),
        opened_at=from_micros(opened_at),
        since=from_micros(since),
        extended=date.fromisoformat(extended) if extended else None,
        extended_at=None if extended_at is None else from_micros(extended_at),
        pauses=tuple(_pause(*pause) for pause in json.loads(pauses)) if pauses else (),
        rematch_asked=tuple(json.loads(rematch)) if rematch else (),
        follows=follows,
        next_cycle=next_cycle,
        opened=opened,
        valid_from=valid_from,
        last_position=last,
        last_at=from_micros(last_at),
    )


def _pause(start: int, end: int | None) -> Pause:
    return Pause(from_micros(start), None if end is None else from_micros(end))
