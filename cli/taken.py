"""One command sent to the engine, and what is said when it was taken: a sentence for people, a receipt for programs.

A refusal is raised, with its people and cycles under the short names by which they can be typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import click

from mentorcycle.domain.commands import Command
from mentorcycle.domain.events import CycleAdvanced, Event
from mentorcycle.domain.refusal import Refused
from mentorcycle.engine.receipt import Receipt

from .columns import Column
from .labels import is_id
from .store import WritingPlace

RECEIPT = "receipt/1"
COLUMNS = (
    Column("id"),
    Column("action"),
    Column("outcome"),
    Column("part"),
    Column("events"),
    Column("version"),
    Column("first"),
    Column("last"),
    Column("occurred_at"),
    Column("recorded_at"),
)
"""`id` is what it was about, `part` the goal, observation, … in it, `version` that of the first event there.

`outcome` is `done`, `already-so` or `dry-run`; the last two have no positions, for nothing was written.
"""
_PARTS = ("goal", "observation", "step", "celebration", "contact")

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Taken:
    """A command that was taken, or would be."""

    place: WritingPlace
    receipt: Receipt
    dry_run: bool

    @property
    def outcome(self) -> str:
        if self.receipt.already_so:
            return "already-so"
        return "dry-run" if self.dry_run else "done"

    @property
    def label(self) -> str:
        """The short name of what it was about."""
        return self.place.label(self.receipt.subject)

    @property
    def part(self) -> str | None:
        """The id of the goal, observation, … that the first event is about."""
        event = self.receipt.events[0].event if self.receipt.events else None
        return next((getattr(event, name) for name in _PARTS if hasattr(event, name)), None)

    def event(self, kind: type[E]) -> E | None:
        """The first event of a kind."""
        return next((r.event for r in self.receipt.events if isinstance(r.event, kind)), None)

    @property
    def written(self) -> bool:
        return bool(self.receipt.events) and not self.dry_run

    def say(self, sentence: str, *, already: str = "", part: str | None = None) -> None:
        """Write the receipt; `sentence` says what is so now, `already` the same where nothing had to change."""
        session, receipt = self.place.session, self.receipt
        prefix = {"already-so": "already so: ", "dry-run": "dry run: "}.get(self.outcome, "")
        said = (already or sentence) if receipt.already_so else sentence
        written = self.written
        if written:
            session.recorded = f"{said}{self._undo}"
        first = receipt.events[0] if receipt.events else None
        row = {
            "id": receipt.subject,
            "action": action(),
            "outcome": self.outcome,
            "part": part or self.part,
            "events": [recorded.event.event_name for recorded in receipt.events],
            "version": first.version if first and written else None,
            "first": receipt.first if written else None,
            "last": receipt.last if written else None,
            "occurred_at": first.occurred_at if first else None,
            "recorded_at": receipt.recorded_at if written else None,
        }
        session.out.record(RECEIPT, COLUMNS, row, sentence=f"{prefix}{said}", as_of=receipt.recorded_at)
        if not written:
            session.talk("nothing was written")

    @property
    def _undo(self) -> str:
        return f" · undo: mentorcycle cycle undo {self.label}" if self.event(CycleAdvanced) else ""


def take(
    place: WritingPlace,
    command: Command,
    *,
    on: str | None = None,
    at: datetime | None = None,
    dry_run: bool = False,
) -> Taken:
    """Send a command that happened `on` a day as it was typed, or `at` an instant; raise its refusal."""
    occurred_at = at or place.when(on)
    answer = place.engine.execute(command, place.actor, occurred_at=occurred_at, dry_run=dry_run)
    if isinstance(answer, Refused):
        name(place, answer)
        answer.or_raise()
    taken = Taken(place, answer, dry_run)
    if taken.written:
        place.session.recorded = f"{action()} of {answer.subject}"
    return taken


def name(place: WritingPlace, refused: Refused) -> None:
    """Give everybody and everything that a refusal speaks of their short names."""
    facts = (fact for refusal in refused.refusals for fact in refusal.facts.values())
    place.labels(str(fact) for fact in facts if is_id(fact))


def people(place: WritingPlace, ids: Iterable[str]) -> str:
    """The names of people, as in a sentence."""
    named = list(ids)
    names = place.queries.names(named)
    return " and ".join(names.get(id, id) for id in named)


def action() -> str:
    """The command as it is called, without the program."""
    return click.get_current_context().command_path.partition(" ")[2]
