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
from mentorcycle.domain.people.person import survivor as survivor_of
from mentorcycle.domain.vocabulary import LeaveReason, Role, TeachingArea

from .actors import check_actor
from .roster.model import Roster, RosterPerson


class Change(Enum):
    ADD = "add"
    CHANGE = "change"
    LEAVE = "leave"
    RETURN = "return"
    NONE = "unchanged"
    MERGED = "merged"
    SKIP = "not known, and not active"


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the roster: their id here, what changes (field: old, new), and the commands that do it.

    `MERGED` is a row about somebody who was merged into `survivor`, whom another row of a roster speaks of: what
    differs in this one is told, and nothing is done about it.
    """

    person: str
    name: str
    row: RosterPerson
    changes: tuple[Change, ...]
    fields: Mapping[str, tuple[str, str]]
    commands: tuple[Command, ...]
    survivor: str = ""


def for_staff(actor: Actor) -> None:
    """Raise `RefusedError` for participants: a diff tells what is known of everybody in the roster."""
    check_actor(actor)
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
    """What a roster changes, person by person, in the order of the file.

    `known` holds people by id, and whomever they were merged into.
    """
    entries: list[Entry] = []
    spoken_of: set[str] = set()
    for id, row in roster_ids(roster, tenant).items():
        person = known.get(id, Person())
        survivor = survivor_of(person, known.__getitem__)
        if survivor is person or (_is_spoken_of_by(row, survivor) and survivor.id not in spoken_of):
            spoken_of.add(survivor.id)
            entries.append(_entry(survivor.id or id, row, survivor, roster))
        else:
            entries.append(_not_changed(id, row, person, survivor, roster))
    return tuple(entries)


def _is_spoken_of_by(row: RosterPerson, person: Person) -> bool:
    """A roster speaks of a person under one id: the one they have, or the first that comes to who has none."""
    profile = person.profile
    return profile.external_id is None or (profile.source, profile.external_id) == (
        row.source,
        row.external_id,
    )


def _not_changed(id: str, row: RosterPerson, person: Person, survivor: Person, roster: Roster) -> Entry:
    profile = _profile(row, person.profile, roster)
    fields = _differences(person.profile, profile)
    told = fields or (survivor.active and not row.active)
    change = Change.MERGED if told else Change.NONE
    return Entry(id, profile.name, row, (change,), fields, (), survivor.id)


def _entry(id: str, row: RosterPerson, person: Person, roster: Roster) -> Entry:
    profile = _profile(row, person.profile, roster)
    name = profile.name
    if not person.exists:
        if not row.active:
            return Entry(id, name, row, (Change.SKIP,), {}, ())
        return Entry(id, name, row, (Change.ADD,), {}, (_add(id, profile),))
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
