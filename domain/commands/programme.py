"""Commands about a programme."""

from __future__ import annotations

from datetime import date

from ..ids import MAIN_PROGRAMME
from .registry import Command, command


@command
class CreateProgramme(Command):
    """Create a programme; one that is there with the same values is left as it is."""

    name: str
    zone: str = "UTC"
    weekend: tuple[int, ...] = (5, 6)
    programme: str = MAIN_PROGRAMME


@command
class ChangeProgramme(Command):
    name: str
    zone: str = "UTC"
    weekend: tuple[int, ...] = (5, 6)
    programme: str = MAIN_PROGRAMME


@command
class CloseSchool(Command):
    """These days are no school days."""

    days: tuple[date, ...]
    programme: str = MAIN_PROGRAMME


@command
class OpenSchool(Command):
    """These days are school days."""

    days: tuple[date, ...]
    programme: str = MAIN_PROGRAMME


@command
class PublishDefinition(Command):
    """Publish a definition file's text under the name and version it states."""

    source: str
    programme: str = MAIN_PROGRAMME
