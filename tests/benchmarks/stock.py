"""The same programme as one would write it with the stock library: `eventsourcing` aggregates on its own modules.

Default settings: JSON, no aggregate cache; on SQLite WAL, and the `synchronous=FULL` that it has unless told otherwise;
on PostgreSQL a table lock an append, and no functions in the database, with which its readers lose events. Its
events say what ours say, envelope included: who, in what role, how known, by which command, and when it happened. It
has no guards, no command ids that are looked up, no sealed words: all of that makes it faster, not slower.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.sqlite import SQLiteApplicationRecorder

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import CycleOpened, Event, PersonAdded
from mentorcycle.domain.words import Words

Item = dict[str, Any]


@lru_cache(maxsize=200_000)
def uuid_of(id: str) -> UUID:
    """The aggregate id that stands for one of our ids."""
    return uuid5(NAMESPACE_URL, id)


class Cycle(Aggregate):
    """A cycle, with everything in its state that ours has."""

    @staticmethod
    def create_id(cycle: str, **_: Any) -> UUID:
        return uuid_of(cycle)

    @event("Opened")
    def __init__(
        self,
        cycle: str,
        programme: str,
        pairing: str,
        kind: str,
        participants: list[Item],
        definition: str,
        definition_version: int,
        definition_digest: str,
        stage: str,
        by: Item,
        follows: str | None = None,
        carried: list[Item] = [],  # noqa: B006 -- stored, never changed
    ) -> None:
        self.cycle = cycle
        self.programme = programme
        self.pairing = pairing
        self.kind = kind
        self.participants = participants
        self.definition = (definition, definition_version, definition_digest)
        self.stage = stage
        self.status = "active"
        self.follows = follows
        self.next_cycle: str | None = None
        self.extended: str | None = None
        self.pauses: list[str] = []
        self.advances: list[tuple[str, str]] = []
        self.goals: dict[str, Item] = {}
        self.observations: dict[str, Item] = {}
        self.steps: dict[str, Item] = {item["id"]: item for item in carried}
        self.expectations = False
        self.reflections: list[str] = []
        self.consents: dict[str, str] = {}
        self.celebrations: list[Item] = []
        self.contacts: list[Item] = []
        self.waived: list[tuple[str, str]] = []
        self.rematch_asked: list[str] = []
        self.corrections: list[Item] = []

    @event("Advanced")
    def cycle_advanced(
        self, source: str, target: str, definition_version: int, by: Item, due: str = "", late_by: int = 0
    ) -> None:
        self.advances.append((source, target))
        if target == "completed":
            self.status = target
        else:
            self.stage = target

    @event("AdvanceUndone")
    def advance_undone(
        self, source: str, target: str, since: datetime, advance: int, by: Item, batch: str | None = None
    ) -> None:
        self.advances.pop()
        self.stage, self.status = target, "active"

    @event("Paused")
    def cycle_paused(self, reason: str, by: Item) -> None:
        self.status = "paused"
        self.pauses.append(reason)

    @event("Resumed")
    def cycle_resumed(self, by: Item) -> None:
        self.status = "active"

    @event("Cancelled")
    def cycle_cancelled(self, reason: str, by: Item) -> None:
        self.status = "cancelled"

    @event("Extended")
    def cycle_extended(self, stage: str, ground: str, old_due: str, new_due: str, by: Item) -> None:
        self.extended = new_due

    @event("RematchAsked")
    def rematch_asked_by(self, person: str, by: Item) -> None:
        self.rematch_asked.append(person)

    @event("Corrected")
    def cycle_corrected(self, version: int, event: str, fields: Item, reason: str, by: Item) -> None:
        self.corrections.append({"version": version, **fields})

    @event("Waived")
    def requirement_waived(self, requirement: str, subject: str, reason: str, by: Item) -> None:
        self.waived.append((requirement, subject))

    @event("Followed")
    def cycle_followed(self, next_cycle: str, by: Item) -> None:
        self.next_cycle = next_cycle

    @event("GoalSet")
    def goal_set(
        self,
        goal: str,
        area: str,
        by: Item,
        measured: bool = False,
        unit: str | None = None,
        target: float | None = None,
        direction: str | None = None,
        due: str | None = None,
        peers: Item | None = None,
        statement: str | None = None,
        measure: str | None = None,
    ) -> None:
        self.goals[goal] = {
            "area": area,
            "measured": measured,
            "unit": unit,
            "target": target,
            "direction": direction,
            "due": due,
            "agreed": [],
        }

    @event("BaselineRecorded")
    def baseline_recorded(self, goal: str, value: float, on: str, source: str, by: Item) -> None:
        self.goals[goal]["baseline"] = {"value": value, "on": on, "source": source}

    @event("GoalAgreed")
    def goal_agreed(self, goal: str, person: str, by: Item) -> None:
        self.goals[goal]["agreed"].append(person)

    @event("ExpectationsRecorded")
    def expectations_recorded(
        self, by: Item, meetings_per_month: int | None = None, expectations: str | None = None
    ) -> None:
        self.expectations = True

    @event("FocusAgreed")
    def focus_agreed(
        self,
        observation: str,
        observer: str,
        observed: str,
        by: Item,
        focus: str | None = None,
        method: str | None = None,
    ) -> None:
        found = self.observations.setdefault(observation, {})
        found.update(observer=observer, observed=observed, focus=self.version)

    @event("ObservationScheduled")
    def observation_scheduled(self, observation: str, at: datetime, mode: str, by: Item) -> None:
        self.observations[observation].update(scheduled=at, mode=mode)

    @event("ObservationCompleted")
    def observation_completed(
        self,
        observation: str,
        observer: str,
        observed: str,
        start: datetime,
        minutes: int,
        mode: str,
        by: Item,
        context: str | None = None,
        evidence: list[str] = [],  # noqa: B006 -- stored, never changed
        numbers: str | None = None,
    ) -> None:
        found = self.observations.setdefault(observation, {})
        found.update(observer=observer, observed=observed, start=start, minutes=minutes, mode=mode)

    @event("DebriefHeld")
    def debrief_held(
        self,
        observation: str,
        held: datetime,
        minutes: int,
        mode: str,
        by: Item,
        first_speaker: str | None = None,
        late_by: int = 0,
        step: str | None = None,
        step_owner: str | None = None,
        check_back: str | None = None,
        strengths: list[str] = [],  # noqa: B006 -- stored, never changed
        growth_point: str | None = None,
        action_step: str | None = None,
    ) -> None:
        self.observations[observation]["debrief"] = {"held": held, "minutes": minutes, "late_by": late_by}
        if step is not None:
            self.steps[step] = {"owner": step_owner, "check_back": check_back}

    @event("ActionStepChecked")
    def action_step_checked(self, step: str, outcome: str, by: Item) -> None:
        self.steps[step]["outcome"] = outcome

    @event("ReflectionWritten")
    def reflection_written(
        self,
        person: str,
        by: Item,
        reflection: str,
        confidence_before: int | None = None,
        confidence_after: int | None = None,
        fit: bool | None = None,
        survey: list[int] = [],  # noqa: B006 -- stored, never changed
    ) -> None:
        self.reflections.append(person)

    @event("GoalAssessed")
    def goal_assessed(
        self,
        goal: str,
        assessment: str,
        by: Item,
        value: float | None = None,
        met: int | None = None,
        assessed: int | None = None,
    ) -> None:
        self.goals[goal]["outcome"] = {"assessment": assessment, "value": value, "met": met}

    @event("ConsentGiven")
    def consent_given(self, person: str, audience: str, by: Item) -> None:
        self.consents[person] = audience

    @event("CelebrationHeld")
    def celebration_held(
        self,
        celebration: str,
        stage: str,
        size: str,
        audience: str,
        by: Item,
        number: float | None = None,
        share_practice: bool = False,
        achievement: str | None = None,
    ) -> None:
        self.celebrations.append({"id": celebration, "stage": stage, "size": size, "number": number})

    @event("ContactLogged")
    def contact_logged(
        self,
        contact: str,
        kind: str,
        mode: str,
        formality: str,
        minutes: int,
        people: list[str],
        by: Item,
        notes: str | None = None,
    ) -> None:
        self.contacts.append({"id": contact, "kind": kind, "minutes": minutes, "people": people})


class Person(Aggregate):
    """A person and the pairings they are in."""

    @staticmethod
    def create_id(person: str, **_: Any) -> UUID:
        return uuid_of(person)

    @event("Added")
    def __init__(
        self,
        person: str,
        name: str,
        by: Item,
        school: str | None = None,
        subjects: list[str] = [],  # noqa: B006 -- stored, never changed
        grades: list[str] = [],  # noqa: B006 -- stored, never changed
    ) -> None:
        self.person = person
        self.name = name
        self.school = school
        self.pairings: dict[str, list[Item]] = {}

    @event("PairingPublished")
    def pairing_published(self, pairing: str, kind: str, participants: list[Item], by: Item) -> None:
        self.pairings[pairing] = participants


class Mentoring(Application[UUID]):
    """The application: one method, as every command is: load, call, save."""

    def record(self, stream: str, name: str, given: Mapping[str, Any]) -> None:
        aggregate: Aggregate = self.repository.get(uuid_of(stream))
        getattr(aggregate, name)(**given)
        self.save(aggregate)


def open_stock(path: Path, *, cached: int = 0) -> Mentoring:
    """The application on one SQLite file; `cached` aggregates are kept, none by default."""
    env = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)}
    if cached:
        env["AGGREGATE_CACHE_MAXSIZE"] = str(cached)
    return Mentoring(env)


def durability(app: Mentoring) -> tuple[str, int]:
    """Journal mode and `synchronous` (2 is FULL) of the connections that the stock library opens."""
    recorder = app.recorder
    assert isinstance(recorder, SQLiteApplicationRecorder)
    with recorder.datastore.get_connection(commit=True) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode")
        mode = str(cursor.fetchone()[0])
        cursor.execute("PRAGMA synchronous")
        return mode, int(cursor.fetchone()[0])


def aggregates_of(path: Path, most: int) -> list[UUID]:
    """Aggregates from all over the log, in its order."""
    connection = sqlite3.connect(path)
    query = "SELECT originator_id FROM stored_events WHERE originator_version = 1 ORDER BY rowid"
    ids = [UUID(id) for (id,) in connection.execute(query)]
    connection.close()
    return ids[:: max(1, len(ids) // most)]


METHODS = {"RematchAsked": "rematch_asked_by"}


def method_of(event: Event) -> str:
    """The method that stands for one of our events."""
    name = event.event_name
    plain = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return METHODS.get(name, plain[1:])


def envelope(actor: Actor, command_id: str, occurred_at: datetime) -> Item:
    """What an event says of its command; the library itself keeps when it was recorded."""
    return {
        "actor": actor.id,
        "role": actor.role.value,
        "known": actor.known.value,
        "command_id": command_id,
        "occurred_at": occurred_at,
    }


def given(event: Event, by: Item) -> Item:
    """Its arguments: the same fields, words as they were written, as JSON can hold them."""
    values = {f.name: getattr(event, f.name) for f in fields(event)}  # type: ignore[arg-type]
    return {name: _plain(value) for name, value in values.items() if value not in (None, ())} | {"by": by}


def begun(event: Event, id: str, by: Item) -> Aggregate | None:
    """The aggregate that an event begins, if it begins one."""
    if isinstance(event, CycleOpened):
        return Cycle(cycle=id, **given(event, by))
    if isinstance(event, PersonAdded):
        return Person(person=id, **given(event, by))
    return None


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case datetime():
            return value
        case date():
            return value.isoformat()
        case Words():
            return value.text
        case tuple() | list():
            return [_plain(item) for item in value]
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {f.name: _plain(v) for f in fields(value) if (v := getattr(value, f.name)) is not None}
    return value
