"""Events of a programme: its name and zone, its calendar, the definitions it publishes."""

from __future__ import annotations

from datetime import date

from ..words import public
from .registry import Event, event


@event("ProgrammeCreated")
class ProgrammeCreated(Event):
    """`zone` is an IANA time zone; `weekend` holds weekdays, Monday = 0."""

    name: str = public()
    zone: str = "UTC"
    weekend: tuple[int, ...] = (5, 6)


@event("ProgrammeChanged")
class ProgrammeChanged(Event):
    name: str = public()
    zone: str = "UTC"
    weekend: tuple[int, ...] = (5, 6)


@event("SchoolClosed")
class SchoolClosed(Event):
    """These days are no school days."""

    days: tuple[date, ...]


@event("SchoolOpened")
class SchoolOpened(Event):
    """These days are school days, whatever was said before."""

    days: tuple[date, ...]


@event("DefinitionPublished")
class DefinitionPublished(Event):
    """`source` is the definition file's text: history stays readable without the file."""

    definition: str = public()
    version: int = public()
    digest: str = public()
    source: str = public()
