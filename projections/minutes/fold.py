"""The fold of a batch of events into minutes: who spent how long on what, in which role at that time.

A correction is folded as if the event had been right from the start.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from mentorcycle.domain import events as e
from mentorcycle.domain.events import FieldValue, Participant
from mentorcycle.domain.ids import subject_of
from mentorcycle.domain.recorded import Recorded
from mentorcycle.domain.typed import typed

from ..compact import compact
from ..moments import to_micros
from .tables import BOTH, CONTACT, DEBRIEF, GUEST, MENTEE, MENTOR, OBSERVATION

TEAMS = """SELECT t.tenant, t.cycle, t.programme, t.members FROM json_each(?) AS wanted CROSS JOIN minutes_team_{g} AS t
           ON t.tenant = json_extract(wanted.value, '$[0]') AND t.cycle = json_extract(wanted.value, '$[1]')"""
ACTS = """SELECT a.tenant, a.cycle, a.version, a.position, a.programme, a.at, a.act, a.kind, a.mode, a.formality,
                 a.minutes, a.people FROM json_each(?) AS wanted CROSS JOIN minutes_act_{g} AS a
          ON a.tenant = json_extract(wanted.value, '$[0]') AND a.cycle = json_extract(wanted.value, '$[1]')
          AND a.version = json_extract(wanted.value, '$[2]')"""
TEAM = """INSERT INTO minutes_team_{g} VALUES (?, ?, ?, ?)
          ON CONFLICT (tenant, cycle) DO UPDATE SET members = excluded.members"""
ACT = "INSERT INTO minutes_act_{g} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
NO_ACT = "DELETE FROM minutes_act_{g} WHERE position = ?"
SHARE = "INSERT INTO minutes_share_{g} VALUES (?, ?, ?, ?, ?, ?)"
NO_SHARE = "DELETE FROM minutes_share_{g} WHERE tenant = ? AND person = ? AND at = ? AND position = ?"

Key = tuple[str, str]
ActKey = tuple[str, str, int]
READ = {
    e.CycleOpened, e.PartnerChanged, e.CycleCorrected, e.ContactLogged, e.ObservationCompleted, e.DebriefHeld,
}  # fmt: skip


@dataclass(slots=True)
class Team:
    """Who is and was in a cycle: person -> [mentee, mentor, in it now], each 0 or 1."""

    programme: str
    members: dict[str, list[int]]
    changed: bool = False

    def join(self, participants: Iterable[Participant]) -> None:
        """These are in it from now on, and nobody else."""
        for member in self.members.values():
            member[2] = 0
        for p in participants:
            self.members[p.person] = [int(p.mentee), int(p.mentor), 1]
        self.changed = True

    def roles(self, people: Iterable[str] | None) -> list[tuple[str, str]]:
        """These people (default: all who are in it now) with their roles."""
        if people is None:
            people = (person for person, (_, _, present) in self.members.items() if present)
        return [(person, _role(self.members.get(person))) for person in dict.fromkeys(people)]


class Act(NamedTuple):
    """A contact, an observation or a debrief; `kind` is that of a contact, else what the act is."""

    position: int
    programme: str
    at: int
    act: str
    kind: str
    mode: str
    formality: str
    minutes: int
    people: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Sheet:
    """Acts while a batch is folded: as stored, and as they are by now."""

    stored: dict[ActKey, Act] = field(default_factory=dict)
    acts: dict[ActKey, Act] = field(default_factory=dict)


def apply(connection: sqlite3.Connection, g: int, events: Sequence[Recorded[Any]]) -> None:
    """Take a batch into the tables of generation `g`; raise LookupError for a cycle or act that is not there."""
    mine = [(r, (r.tenant, subject_of(r.stream))) for r in events if type(r.event) in READ]
    if not mine:
        return
    teams = _load_teams(connection, g, {key for _, key in mine})
    sheet = _load_acts(connection, g, mine)
    for r, key in mine:
        match r.event:
            case e.CycleOpened(programme=programme, participants=participants):
                teams[key] = Team(programme, {})
                teams[key].join(participants)
            case e.PartnerChanged(participants=participants):
                teams[key].join(participants)
            case e.CycleCorrected(version=version, fields=fields) as correction:
                if correction.event in FIELDS:
                    act = sheet.acts[*key, version]
                    sheet.acts[*key, version] = _corrected(act, correction.event, fields)
            case _:
                sheet.acts[*key, r.version] = _act(r, teams[key])
    _write(connection, g, teams, sheet)


def _act(r: Recorded[Any], team: Team) -> Act:
    people: tuple[str, ...] | None
    match r.event:
        case e.ContactLogged() as event:
            at, act, kind, people = to_micros(r.occurred_at), CONTACT, event.kind._value_, event.people
            formality = event.formality._value_
        case e.ObservationCompleted() as event:
            at, act, kind, people = to_micros(event.start), OBSERVATION, "", (event.observer, event.observed)
            formality = ""
        case event:
            at, act, kind, people, formality = to_micros(event.held), DEBRIEF, "", None, ""
    roles = tuple(team.roles(people))
    mode, minutes = event.mode._value_, event.minutes
    return Act(r.position, team.programme, at, act, kind or act, mode, formality, minutes, roles)


def _role(flags: list[int] | None) -> str:
    match flags:
        case [1, 1, _]:
            return BOTH
        case [1, 0, _]:
            return MENTEE
        case [0, 1, _]:
            return MENTOR
        case _:
            return GUEST


FIELDS: dict[str, dict[str, tuple[str, Any]]] = {
    e.ContactLogged.event_name: {
        "occurred_at": ("at", datetime),
        "kind": ("kind", str),
        "mode": ("mode", str),
        "formality": ("formality", str),
        "minutes": ("minutes", int),
    },
    e.ObservationCompleted.event_name: {
        "start": ("at", datetime),
        "mode": ("mode", str),
        "minutes": ("minutes", int),
    },
    e.DebriefHeld.event_name: {"held": ("at", datetime), "mode": ("mode", str), "minutes": ("minutes", int)},
}
"""Event name to the fields that a correction may replace: which of an act, and read as what."""


def _corrected(act: Act, event: str, fields: Any) -> Act:
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name in FIELDS[event]:
            of_act, kind = FIELDS[event][name]
            values[of_act] = _value(kind, value)
    return act._replace(**values)


def _value(kind: Any, value: FieldValue) -> str | int:
    read: str | int | datetime = typed(kind, value)
    return to_micros(read) if isinstance(read, datetime) else read


def _load_teams(connection: sqlite3.Connection, g: int, keys: set[Key]) -> dict[Key, Team]:
    rows = connection.execute(TEAMS.format(g=g), (json.dumps(list(keys)),))
    return {
        (tenant, cycle): Team(programme, json.loads(members)) for tenant, cycle, programme, members in rows
    }


def _load_acts(connection: sqlite3.Connection, g: int, mine: list[tuple[Recorded[Any], Key]]) -> Sheet:
    wanted = [(*key, r.event.version) for r, key in mine if isinstance(r.event, e.CycleCorrected)]
    stored: dict[ActKey, Act] = {}
    if wanted:
        for tenant, cycle, version, *act, people in connection.execute(
            ACTS.format(g=g), (json.dumps(wanted),)
        ):
            stored[tenant, cycle, version] = Act(*(*act, tuple(map(tuple, json.loads(people)))))
    return Sheet(stored, dict(stored))


def _write(connection: sqlite3.Connection, g: int, teams: dict[Key, Team], sheet: Sheet) -> None:
    acts, shares, gone_acts, gone_shares, members = [], [], [], [], []
    for key, act in sheet.acts.items():
        before = sheet.stored.get(key)
        if act is before:
            continue
        if before is not None:
            gone_acts.append((before.position,))
            gone_shares += [share[:4] for share in _shares(key[0], before)]
        tenant, cycle, version = key
        acts.append(
            (
                act.position,
                tenant,
                cycle,
                version,
                act.programme,
                act.at,
                act.act,
                act.kind,
                act.mode,
                act.formality,
                act.minutes,
                compact(act.people),
            )
        )
        shares += _shares(tenant, act)
    for (tenant, cycle), team in teams.items():
        if team.changed:
            members.append((tenant, cycle, team.programme, compact(team.members)))
    write = connection.executemany
    write(TEAM.format(g=g), sorted(members))
    write(NO_ACT.format(g=g), gone_acts)
    write(ACT.format(g=g), sorted(acts))
    write(NO_SHARE.format(g=g), gone_shares)
    write(SHARE.format(g=g), sorted(shares))


def _shares(tenant: str, act: Act) -> list[tuple[str, str, int, int, str, int]]:
    return [(tenant, person, act.at, act.position, role, act.minutes) for person, role in act.people]
