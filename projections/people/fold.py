"""The fold of a batch of events into the rows of people: the domain's own fold of a person, kept as a row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mentorcycle.domain.events import Participant
from mentorcycle.domain.ids import subject_of
from mentorcycle.domain.people import Pairing, Person, Profile, evolve_person
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.vocabulary import PairingKind, TeachingArea

from ..compact import compact
from ..connection import Connection, Sql, each, worded
from ..folding import folded

COLUMNS = (
    "version, name, external_id, source, username, email, school, subjects, grades, areas, capacity, active,"
    " merged_into, duplicates, evaluators, not_with, pairings"
)
LOAD = each("texts", "people_person_{g}", "t.tenant = ? AND t.person = wanted.value").around(
    f"SELECT t.added, t.person, {COLUMNS} "
)
INSERT = f"INSERT INTO people_person_{{g}} (added, tenant, person, folded, mentees, {COLUMNS}) VALUES ({'?, ' * 21}?)"
PROFILE = """UPDATE people_person_{g} SET folded = ?, name = ?, external_id = ?, source = ?, username = ?,
             email = ?, school = ?, subjects = ?, grades = ?, areas = ?, capacity = ? WHERE added = ?"""
STANDING = Sql(
    """UPDATE people_person_{g} SET version = ?, active = ?, merged_into = ?, duplicates = ?,
       evaluators = ?, not_with = ?, pairings = ?, mentees = ? WHERE added = ?""",
    """UPDATE people_person_{g} AS p SET version = w.version, active = w.active, merged_into = w.merged_into,
         duplicates = w.duplicates, evaluators = w.evaluators, not_with = w.not_with, pairings = w.pairings,
         mentees = w.mentees
       FROM unnest(?::bigint[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[],
                   ?::bigint[])
         AS w(version, active, merged_into, duplicates, evaluators, not_with, pairings, mentees, added)
       WHERE p.added = w.added""",
)
WORD = "INSERT INTO people_word_{g} VALUES (?, ?, ?)"
NO_WORD = "DELETE FROM people_word_{g} WHERE tenant = ? AND word = ? AND added = ?"
HANDLE = "INSERT INTO people_handle_{g} VALUES (?, ?, ?)"
NO_HANDLE = "DELETE FROM people_handle_{g} WHERE tenant = ? AND handle = ? AND added = ?"

Key = tuple[str, str]
NOBODY = Person()


@dataclass(slots=True)
class Known:
    """A person while a batch is folded: as stored, and as they are by now."""

    added: int
    stored: Person
    person: Person


def apply(connection: Connection, g: int, events: Sequence[Recorded[Any]]) -> None:
    """Take a batch into the tables of generation `g`."""
    mine = [r for r in events if r.stream.startswith("person:")]
    if not mine:
        return
    people = _load(connection, g, {(r.tenant, r.stream) for r in mine})
    for r in mine:
        known = people.get((r.tenant, r.stream))
        if known is None:
            known = people[r.tenant, r.stream] = Known(r.position, NOBODY, NOBODY)
        known.person = evolve_person(known.person, r)
    _write(connection, g, people)


def _load(connection: Connection, g: int, keys: set[Key]) -> dict[Key, Known]:
    ids: dict[str, list[str]] = {}
    for tenant, stream in keys:
        ids.setdefault(tenant, []).append(subject_of(stream))
    people: dict[Key, Known] = {}
    load = worded(LOAD, connection.dialect, g)
    for tenant, wanted in ids.items():
        for added, id, *columns in connection.execute(load, (json.dumps(wanted), tenant)):
            person = _person(id, *columns)
            people[tenant, f"person:{id}"] = Known(added, person, person)
    return people


def _write(connection: Connection, g: int, people: dict[Key, Known]) -> None:
    new: list[tuple[Any, ...]] = []
    profiles: list[tuple[Any, ...]] = []
    standings: list[tuple[Any, ...]] = []
    words: tuple[list[Any], list[Any]] = ([], [])
    handles: tuple[list[Any], list[Any]] = ([], [])
    for (tenant, _), known in people.items():
        before, now, added = known.stored, known.person, known.added
        changed = now.profile is not before.profile and now.profile != before.profile
        name = folded(now.profile.name) if changed else ""
        if not before.exists:
            head = (added, tenant, now.id, name, now.load, now.version)
            new.append((*head, *_profile(now.profile), *_standing(now)))
        else:
            standings.append((now.version, *_standing(now), now.load, added))
            if changed:
                profiles.append((name, *_profile(now.profile), added))
        if changed:
            _differ(words, tenant, added, set(folded(before.profile.name).split()), set(name.split()))
            _differ(handles, tenant, added, _handles(before.profile), _handles(now.profile))
    for statement, rows in (
        (INSERT, sorted(new)),
        (STANDING, standings),
        (PROFILE, profiles),
        (NO_WORD, words[0]),
        (WORD, sorted(words[1])),
        (NO_HANDLE, handles[0]),
        (HANDLE, sorted(handles[1])),
    ):
        connection.executemany(worded(statement, connection.dialect, g), rows)


def _differ(
    lists: tuple[list[Any], list[Any]], tenant: str, added: int, before: set[str], now: set[str]
) -> None:
    gone, come = lists
    gone.extend((tenant, item, added) for item in before - now)
    come.extend((tenant, item, added) for item in now - before)


def _handles(profile: Profile) -> set[str]:
    handles = (profile.username, profile.email, profile.external_id)
    return {_kept(handle).casefold() for handle in handles if handle}


def _profile(profile: Profile) -> tuple[Any, ...]:
    return (
        _kept(profile.name),
        profile.external_id and _kept(profile.external_id),
        profile.source and _kept(profile.source),
        profile.username and _kept(profile.username),
        profile.email and _kept(profile.email),
        profile.school and _kept(profile.school),
        _packed(profile.subjects),
        _packed(profile.grades),
        _packed([area.value for area in profile.areas]),
        profile.capacity,
    )


def _kept(text: str) -> str:
    """A text as every database can keep it: PostgreSQL knows no NUL, which a roster of a wrong encoding is full of."""
    return text.replace("\0", "\ufffd") if "\0" in text else text


def _standing(person: Person) -> tuple[Any, ...]:
    pairings = [
        (id, pairing.kind._value_, [(p.person, int(p.mentee), int(p.mentor)) for p in pairing.participants])
        for id, pairing in person.pairings.items()
    ]
    return (
        int(person.active),
        person.merged_into,
        _packed(person.duplicates),
        _packed(sorted(person.evaluators)),
        _packed(sorted(person.not_with)),
        _packed(pairings),
    )


def _person(id: str, version: int, name: str, *columns: Any) -> Person:
    (external_id, source, username, email, school, subjects, grades, areas, capacity, *rest) = columns
    active, merged_into, duplicates, evaluators, not_with, pairings = rest
    profile = Profile(
        name,
        external_id,
        source,
        username,
        email,
        school,
        tuple(_unpacked(subjects)),
        tuple(_unpacked(grades)),
        tuple(TeachingArea(area) for area in _unpacked(areas)),
        capacity,
    )
    return Person(
        id,
        version,
        profile,
        bool(active),
        merged_into,
        tuple(_unpacked(duplicates)),
        frozenset(_unpacked(evaluators)),
        frozenset(_unpacked(not_with)),
        {
            pairing: Pairing(
                pairing, PairingKind(kind), tuple(Participant(p, bool(e), bool(r)) for p, e, r in members)
            )
            for pairing, kind, members in _unpacked(pairings)
        },
    )


def _packed(items: Sequence[Any]) -> str:
    return compact(items) if items else "[]"


def _unpacked(text: str) -> list[Any]:
    return [] if text == "[]" else json.loads(text)
