"""The fold of a batch of events into minutes: who spent how long on what, in which role at that time.

A correction is folded as if the event had been right from the start.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mentorcycle.domain import events as e
from mentorcycle.domain.events import Participant
from mentorcycle.domain.ids import subject_of
from mentorcycle.domain.recorded import Recorded

from ..compact import compact
from ..connection import Connection, Sql, each, worded
from ..moments import to_micros
from .correcting import CORRECTABLE, corrections
from .tables import BOTH, CONTACT, DEBRIEF, GUEST, MENTEE, MENTOR, OBSERVATION

TEAMS = each("text_pairs", "minutes_team_{g}", "t.tenant = wanted.a AND t.cycle = wanted.b").around(
    "SELECT t.tenant, t.cycle, t.opened, t.programme, t.members "
)
ACTS = each("number_pairs", "minutes_act_{g}", "t.opened = wanted.a AND t.version = wanted.b").around(
    "SELECT t.position, t.tenant, t.opened, t.version, t.at, t.act, t.kind, t.mode, t.formality, t.minutes,"
    " t.people "
)
TEAM = Sql(
    """INSERT INTO minutes_team_{g} VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (opened) DO UPDATE SET members = excluded.members""",
    """INSERT INTO minutes_team_{g}
       SELECT * FROM unnest(?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[])
       ON CONFLICT (opened) DO UPDATE SET members = excluded.members""",
)
MEMBER = Sql(
    "INSERT INTO minutes_member_{g} VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    """INSERT INTO minutes_member_{g} SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[])
       ON CONFLICT DO NOTHING""",
)
ACT = "INSERT INTO minutes_act_{g} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
NO_ACT = "DELETE FROM minutes_act_{g} WHERE position = ?"

Key = tuple[str, str]
READ = {
    e.CycleOpened, e.PartnerChanged, e.CycleCorrected, e.ContactLogged, e.ObservationCompleted, e.DebriefHeld,
}  # fmt: skip


@dataclass(slots=True)
class Team:
    """Who is and was in a cycle: person -> [mentee, mentor, in it now], each 0 or 1.

    `joined` are those who came in this batch, guests of single acts included.
    """

    opened: int
    programme: str
    members: dict[str, list[int]]
    joined: set[str] = field(default_factory=set)
    changed: bool = False

    def join(self, participants: Iterable[Participant]) -> None:
        """These are in it from now on, and nobody else."""
        for member in self.members.values():
            member[2] = 0
        for p in participants:
            self.members[p.person] = [int(p.mentee), int(p.mentor), 1]
            self.joined.add(p.person)
        self.changed = True

    def roles(self, people: Iterable[str] | None) -> dict[str, str]:
        """These people (default: all who are in it now) with their roles."""
        if people is None:
            people = [person for person, (_, _, present) in self.members.items() if present]
        self.joined.update(person for person in people if person not in self.members)
        return {person: _role(self.members.get(person)) for person in people}


class Act(NamedTuple):
    """A row of the table: a contact, an observation or a debrief; `kind` is that of a contact, else what it is."""

    position: int
    tenant: str
    opened: int
    version: int
    at: int
    act: str
    kind: str
    mode: str
    formality: str
    minutes: int
    people: str


@dataclass(slots=True)
class Sheet:
    """Acts by opening and version while a batch is folded: as stored, and as they are by now."""

    stored: dict[tuple[int, int], Act]
    acts: dict[tuple[int, int], Act]


def apply(connection: Connection, g: int, events: Sequence[Recorded[Any]]) -> None:
    """Take a batch into the tables of generation `g`; raise LookupError for a cycle or act that is not there."""
    mine = [(r, (r.tenant, subject_of(r.stream))) for r in events if type(r.event) in READ]
    if not mine:
        return
    teams = _load_teams(connection, g, {key for _, key in mine})
    sheet = _load_acts(connection, g, teams, mine)
    for r, key in mine:
        match r.event:
            case e.CycleOpened(programme=programme, participants=participants):
                teams[key] = Team(r.position, programme, {})
                teams[key].join(participants)
            case e.PartnerChanged(participants=participants):
                teams[key].join(participants)
            case e.CycleCorrected() as correction:
                if correction.event in CORRECTABLE:
                    at = teams[key].opened, correction.version
                    sheet.acts[at] = sheet.acts[at]._replace(**corrections(correction))
            case _:
                act = _act(r, teams[key])
                sheet.acts[act.opened, act.version] = act
    _write(connection, g, teams, sheet)


def _act(r: Recorded[Any], team: Team) -> Act:
    event = r.event
    match event:
        case e.ContactLogged():
            at, act, kind, formality = r.occurred_at, CONTACT, event.kind._value_, event.formality._value_
            roles = team.roles(event.people)
        case e.ObservationCompleted():
            at, act, kind, formality = event.start, OBSERVATION, OBSERVATION, ""
            roles = team.roles((event.observer, event.observed))
        case _:
            at, act, kind, formality = event.held, DEBRIEF, DEBRIEF, ""
            roles = team.roles(None)
    return Act(
        r.position,
        r.tenant,
        team.opened,
        r.version,
        to_micros(at),
        act,
        kind,
        event.mode._value_,
        formality,
        event.minutes,
        compact(roles),
    )


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


def _load_teams(connection: Connection, g: int, keys: set[Key]) -> dict[Key, Team]:
    rows = connection.execute(worded(TEAMS, connection.dialect, g), (json.dumps(list(keys)),))
    return {
        (tenant, cycle): Team(opened, programme, json.loads(members))
        for tenant, cycle, opened, programme, members in rows
    }


def _load_acts(
    connection: Connection, g: int, teams: dict[Key, Team], mine: list[tuple[Recorded[Any], Key]]
) -> Sheet:
    """The acts that this batch corrects, as far as they were there before it."""
    corrected = (
        (teams[key].opened, r.event.version)
        for r, key in mine
        if type(r.event) is e.CycleCorrected and key in teams
    )
    wanted = list(corrected)
    acts = worded(ACTS, connection.dialect, g)
    rows = connection.execute(acts, (json.dumps(wanted),)) if wanted else ()
    stored = {(act.opened, act.version): act for act in map(Act._make, rows)}
    return Sheet(stored, dict(stored))


def _write(connection: Connection, g: int, teams: dict[Key, Team], sheet: Sheet) -> None:
    changed = [(key, act) for key, act in sheet.acts.items() if act is not sheet.stored.get(key)]
    corrected = [(act.position,) for key, act in changed if key in sheet.stored]
    rows: list[tuple[Any, ...]] = []
    members: list[tuple[str, str, int]] = []
    for (tenant, cycle), team in teams.items():
        if team.changed:
            rows.append((team.opened, tenant, cycle, team.programme, compact(team.members)))
        members.extend((tenant, person, team.opened) for person in team.joined)
    for statement, values in (
        (TEAM, sorted(rows)),
        (MEMBER, sorted(members)),
        (NO_ACT, corrected),
        (ACT, sorted(act for _, act in changed)),
    ):
        connection.executemany(worded(statement, connection.dialect, g), values)
