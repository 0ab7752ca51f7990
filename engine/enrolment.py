"""From a roster that was read to what must be done: a diff against the people who are known.

Keyed by the external id, so that importing the same file again does nothing. Reading files is `roster`'s part,
executing the commands the engine's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import AddPerson, ChangePerson, Command, MarkLeft, MarkReturned
from mentorcycle.domain.decision import forbidden
from mentorcycle.domain.ids import person_of_roster
from mentorcycle.domain.people import Person, Profile
from mentorcycle.domain.vocabulary import LeaveReason, Role, TeachingArea

from .roster.model import Roster, RosterPerson


class Change(Enum):
    ADD = "add"
    CHANGE = "change"
    LEAVE = "leave"
    RETURN = "return"
    NONE = "unchanged"
    SKIP = "not known, and not active"


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the roster: their id here, what changes (field: old, new), and the commands that do it."""

    person: str
    name: str
    row: RosterPerson
    changes: tuple[Change, ...]
    fields: Mapping[str, tuple[str, str]]
    commands: tuple[Command, ...]


def for_staff(actor: Actor) -> None:
    """Raise `RefusedError` for participants: a diff tells what is known of everybody in the roster."""
    if actor.role is Role.PARTICIPANT:
        forbidden(
            "what a roster would change is not shown",
            f"it tells what is known of everybody in it, and {actor.id} is a participant",
            "let a coordinator ask",
            actor=actor.id,
        ).or_raise()


def roster_ids(roster: Roster, tenant: str) -> dict[str, RosterPerson]:
    """Everybody in the roster by the id that they have, or will have, here."""
    return {person_of_roster(tenant, row.source, row.external_id): row for row in roster.people}


def enrolment(roster: Roster, tenant: str, known: Mapping[str, Person]) -> tuple[Entry, ...]:
    """What a roster changes, person by person, in the order of the file. `known` holds people by id."""
    return tuple(
        _entry(id, row, known.get(id, Person()), roster) for id, row in roster_ids(roster, tenant).items()
    )


def _entry(id: str, row: RosterPerson, person: Person, roster: Roster) -> Entry:
    profile = _profile(row, person.profile, roster)
    name = profile.name
    if not person.exists:
        if not row.active:
            return Entry(id, name, row, (Change.SKIP,), {}, ())
        return Entry(id, name, row, (Change.ADD,), {}, (_add(id, profile),))
    if person.merged_into is not None:
        return Entry(id, name, row, (Change.NONE,), {}, ())
    changes: list[Change] = []
    commands: list[Command] = []
    fields = _differences(person.profile, profile)
    if fields:
        changes.append(Change.CHANGE)
        commands.append(_change(id, profile))
    if person.active and not row.active:
        changes.append(Change.LEAVE)
        commands.append(MarkLeft(id, LeaveReason.LEFT_SCHOOL))
    if row.active and not person.active:
        changes.append(Change.RETURN)
        commands.append(MarkReturned(id))
    return Entry(id, name, row, tuple(changes) or (Change.NONE,), fields, tuple(commands))


def _profile(row: RosterPerson, known: Profile, roster: Roster) -> Profile:
    """The profile that the roster asks for; what its form does not speak of stays as it is known."""
    says = roster.says

    def text(field: str, value: str, before: str | None) -> str | None:
        if field not in says or (roster.delta and not value):
            return before
        return value or None

    def values(field: str, value: tuple[str, ...], before: tuple[str, ...]) -> tuple[str, ...]:
        return before if field not in says or (roster.delta and not value) else value

    full = f"{row.given_name} {row.family_name}".strip()
    areas = values("areas", row.areas, tuple(area.value for area in known.areas))
    return Profile(
        name=full or known.name,
        external_id=row.external_id,
        source=row.source,
        username=text("username", row.username, known.username),
        email=text("email", row.email, known.email),
        school=text("school", row.school, known.school),
        subjects=values("subjects", row.subjects, known.subjects),
        grades=values("grades", row.grades, known.grades),
        areas=tuple(TeachingArea(area) for area in areas),
        capacity=known.capacity
        if "capacity" not in says or (roster.delta and row.capacity is None)
        else row.capacity,
    )


def _differences(old: Profile, new: Profile) -> dict[str, tuple[str, str]]:
    return {
        field: (_shown(getattr(old, field)), _shown(getattr(new, field)))
        for field in Profile.__slots__
        if getattr(old, field) != getattr(new, field)
    }


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case tuple():
            return "; ".join(_shown(item) for item in value)
        case Enum():
            return str(value.value)
        case _:
            return str(value)


def _add(id: str, profile: Profile) -> AddPerson:
    return AddPerson(person=id, **{field: getattr(profile, field) for field in Profile.__slots__})


def _change(id: str, profile: Profile) -> ChangePerson:
    return ChangePerson(person=id, **{field: getattr(profile, field) for field in Profile.__slots__})
