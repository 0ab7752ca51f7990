"""Decisions on a programme: create and change it, close and open school days, publish definitions."""

from __future__ import annotations

from collections.abc import Iterator

from . import commands as c
from . import events as e
from .commands import Command
from .decision import Accepted, Context, Outcome, accepted, all_of, forbidden, future, refused
from .definition import DefinitionInvalid, parse
from .ids import is_programme_id, programme_stream
from .permission import is_coordinator
from .programme import Programme
from .refusal import Refusal, Refused
from .vocabulary import Role
from .zones import zone_of

ALREADY_SO = Accepted()
PROGRAMME_COMMANDS = (
    c.CreateProgramme,
    c.ChangeProgramme,
    c.CloseSchool,
    c.OpenSchool,
    c.PublishDefinition,
)


def decide_programme(programme: Programme, command: Command, context: Context) -> Outcome:
    """What a command on a programme comes to; raise `InvalidInput` for a zone that does not exist."""
    id = str(getattr(command, "programme", ""))
    stream = programme_stream(id)
    if not (is_coordinator(context.actor, id) or context.actor.role is Role.SYSTEM):
        return forbidden(
            f"programme {id} is not changed",
            f"only a coordinator does this; {context.actor.id} acts as {context.actor.role.value}",
            "let a coordinator do it",
            actor=context.actor.id,
        )
    if not programme.exists and not isinstance(command, c.CreateProgramme):
        why = "there is no such programme"
        return refused("no-such-programme", f"programme {id} is not changed", why, "create it first")
    if early := all_of(future(context, f"programme {id} is not changed")):
        return early
    match command:
        case c.CreateProgramme() if programme.exists and not _differs(programme, command):
            return ALREADY_SO
        case c.CreateProgramme() if programme.exists:
            return refused(
                "programme-exists",
                f"programme {id} is not created",
                f"{programme.name} ({programme.zone}) has that id",
                "change that one",
                programme=id,
                name=command.name,
                zone=command.zone,
            )
        case c.CreateProgramme() if not is_programme_id(id):
            why = "its id is not of letters, digits, or any of _ . : -, or begins as that of a cycle or a person"
            return refused(
                "bad-id", "the programme is not created", why, "give another id, for example south"
            )
        case c.CreateProgramme(name=name, zone=zone, weekend=weekend):
            zone_of(zone)
            return _bad(name, weekend) or accepted(
                stream, e.ProgrammeCreated(name=name, zone=zone, weekend=weekend)
            )
        case c.ChangeProgramme(name=name, zone=zone, weekend=weekend):
            zone_of(zone)
            if not _differs(programme, command):
                return ALREADY_SO
            return _bad(name, weekend) or accepted(
                stream, e.ProgrammeChanged(name=name, zone=zone, weekend=weekend)
            )
        case c.CloseSchool(days=days):
            new = tuple(day for day in dict.fromkeys(days) if programme.calendar.is_school_day(day))
            return accepted(stream, e.SchoolClosed(days=new)) if new else ALREADY_SO
        case c.OpenSchool(days=days):
            new = tuple(day for day in dict.fromkeys(days) if not programme.calendar.is_school_day(day))
            return accepted(stream, e.SchoolOpened(days=new)) if new else ALREADY_SO
        case c.PublishDefinition(source=source):
            return _publish(programme, source, stream)
        case other:
            raise KeyError(type(other))


def _differs(programme: Programme, command: c.CreateProgramme | c.ChangeProgramme) -> bool:
    now = (programme.name, programme.zone, programme.calendar.weekend)
    return now != (command.name, command.zone, frozenset(command.weekend))


def _bad(name: str, weekend: tuple[int, ...]) -> Refused | None:
    what = "the programme is not changed"

    def refusals() -> Iterator[Refusal]:
        if not name.strip():
            yield Refusal("no-name", what, "the name is empty", "give a name")
        if not all(0 <= day <= 6 for day in weekend) or len(set(weekend)) == 7:
            why = "a weekend names days 0 (Monday) to 6 (Sunday), and leaves a school day"
            yield Refusal("bad-value", what, why, "for example 5 and 6")

    return all_of(refusals())


def _publish(programme: Programme, source: str, stream: str) -> Outcome:
    try:
        definition = parse(source, "as given")
    except DefinitionInvalid as error:
        return refused("bad-definition", error.what, error.why, "correct the text and publish it again")
    if definition.ref in programme.published:
        return ALREADY_SO
    for known in programme.published:
        if (known.name, known.version) == (definition.name, definition.version):
            what = f"{definition.ref} is not published"
            why = f"another text was published as {known}; running cycles are pinned to it"
            return refused("version-taken", what, why, "raise the version number")
    return accepted(
        stream,
        e.DefinitionPublished(
            definition=definition.name,
            version=definition.version,
            digest=definition.digest,
            source=source,
        ),
    )
