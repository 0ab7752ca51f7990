"""A programme: its name and zone, its calendar, the definitions it has published.

The calendar's arithmetic is in `calendar`; reading a definition file is in `definition`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from . import events as e
from .calendar import Calendar
from .change import change
from .definition import DefinitionRef
from .ids import subject_of
from .recorded import Recorded
from .zones import local_date


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme that was never created is the default value. `published` keeps the order of publishing."""

    id: str = ""
    version: int = 0
    name: str = ""
    zone: str = "UTC"
    calendar: Calendar = field(default_factory=Calendar)
    published: Mapping[DefinitionRef, str] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        return self.version > 0

    def day(self, moment: datetime) -> date:
        """The date of an instant in the programme's zone."""
        return local_date(moment, self.zone)

    def find_definition(self, wanted: str) -> DefinitionRef | None:
        """The published definition called `name` (its latest version) or `name@version`."""
        name, _, version = wanted.partition("@")
        matches = [r for r in self.published if r.name == name and version in ("", str(r.version))]
        return max(matches, key=lambda ref: ref.version, default=None)


def evolve_programme(programme: Programme, recorded: Recorded[Any]) -> Programme:
    """The programme after one more event of its stream."""
    match recorded.event:
        case e.ProgrammeCreated() | e.ProgrammeChanged() as event:
            old = programme.calendar
            calendar = Calendar(frozenset(event.weekend), old.closures, old.openings)
            return change(
                programme,
                id=subject_of(recorded.stream),
                version=recorded.version,
                name=event.name,
                zone=event.zone,
                calendar=calendar,
            )
        case e.SchoolClosed(days=days):
            calendar = programme.calendar
            for day in days:
                calendar = calendar.closed(day)
            return change(programme, version=recorded.version, calendar=calendar)
        case e.SchoolOpened(days=days):
            calendar = programme.calendar
            for day in days:
                calendar = calendar.opened(day)
            return change(programme, version=recorded.version, calendar=calendar)
        case e.DefinitionPublished() as event:
            ref = DefinitionRef(event.definition, event.version, event.digest)
            published = {**programme.published, ref: event.source}
            return change(programme, version=recorded.version, published=published)
        case other:
            raise KeyError(type(other))


def fold_programme(history: Iterable[Recorded[Any]], programme: Programme | None = None) -> Programme:
    """The programme after a whole history."""
    state = programme or Programme()
    for recorded in history:
        state = evolve_programme(state, recorded)
    return state
