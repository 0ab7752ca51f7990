"""Laws of the engine under random commands of every kind and role, legal and not, in memory and in a file at once."""

from __future__ import annotations

import random
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import COMMANDS, Command
from mentorcycle.domain.cycle import fold
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.errors import MentorcycleError
from mentorcycle.domain.events import Participant, Peers
from mentorcycle.domain.people.person import fold_person
from mentorcycle.domain.programme import fold_programme
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import (
    Assessment,
    CancelReason,
    CollectionMethod,
    CorrectionReason,
    ExtendGround,
    MeasureSource,
    PauseReason,
    ReopenReason,
    Role,
    Status,
    TeachingArea,
    Unit,
)
from mentorcycle.engine import Engine, Failed, Receipt, Settings
from mentorcycle.engine.audit import verify_all

MONDAY = datetime(2026, 9, 7, 8, tzinfo=UTC)
PEOPLE = tuple(f"p-{letter}" for letter in "abcdef")
CO = Actor.coordinator("north")
OUTSIDERS = (Actor.auditor("state"), Actor.system(), Actor.coordinator("south", programme="south"))
DEFINITIONS = (
    shipped().source,
    shipped().source.replace("version = 1 ", "version = 2 ", 1),
    shipped().source.replace("mentor_capacity = 3", "mentor_capacity = 1"),
    "name = 'broken'",
)
KINDS = tuple(COMMANDS[name] for name in sorted(COMMANDS))
STAGES = (None, "goal-set", "observe", "debrief", "reflect", "celebrate", "completed", "nowhere")

PERSON = (*PEOPLE * 2, "p-nobody")
TEXTS = ("Wait time", "Ünal & 学", "", " ")
NUMBERS = (1, 2, 5, 10, 7, 3, 8, -1, 0, 601)
DAYS = (0, 0, 0, 0, -1, -1, -3, -20, 3)
CHOICES: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("mentee", "person", "leaves", "joins", "evaluator", "other", "duplicate"), PERSON),
    **dict.fromkeys(("observed", "observer"), PERSON),
    **dict.fromkeys(("first_speaker", "step_owner"), (None, *PERSON)),
    "goal": ("", "g1", "g1", "g2"),
    "observation": ("", "", "o1", "o2"),
    "step": ("s1", "s1", "s2"),
    "stage": STAGES,
    "subject": ("g1", "o1", "o2"),
    "requirement": ("baseline", "debrief", "patience"),
    "version": tuple(range(1, 25)),
    "source": DEFINITIONS,
    "definition": ("", "", "peer-cycle@1", "peer-cycle@2", "nothing"),
    "zone": ("UTC", "Europe/Stockholm", "Nowhere"),
    "weekend": ((5, 6), (), (6,), (9,)),
    "programme": ("main",) * 8 + ("south",),
    "pairing": ("",),
    "batch": (None,),
    "fields": (
        {"minutes": 10},
        {"minutes": -1},
        {"mode": "phone", "minutes": 5},
        {"target": 3.5},
        {"held": "2026-09-08T10:00:00+02:00"},
        {"occurred_at": "2026-09-08"},
        {"colour": "blue"},
        {},
    ),
}


def any_value(hint: Any, chance: random.Random, now: datetime) -> Any:
    """Some value of a field's type, often one that is refused."""
    if NoneType in get_args(hint):
        hint = next(option for option in get_args(hint) if option is not NoneType)
        return None if chance.random() < 0.3 else any_value(hint, chance, now)
    if get_origin(hint) is tuple:
        return tuple(any_value(get_args(hint)[0], chance, now) for _ in range(chance.choice((0, 1, 1, 2))))
    near = now + timedelta(days=chance.choice(DAYS))
    if hint is Participant:
        return Participant(chance.choice(PERSON), chance.random() < 0.5, chance.random() < 0.5)
    if hint is Peers:
        return Peers(*(chance.random() < 0.5 for _ in range(5)))
    if issubclass(hint, Enum):
        return chance.choice(list(hint))
    return {
        str: chance.choice(TEXTS),
        bool: chance.random() < 0.5,
        int: chance.choice(NUMBERS),
        float: float(chance.choice(NUMBERS)),
        date: near.date(),
        datetime: near,
    }[hint]


def any_command(
    kind: type[Command], cycles: tuple[str, ...], chance: random.Random, now: datetime
) -> Command:
    chosen: dict[str, Any] = {}
    for name, hint in get_type_hints(kind).items():
        if name == "cycle":
            chosen[name] = chance.choice((*cycles[-3:] * 4, "c-nowhere"))
        elif name in CHOICES and (name != "source" or kind is c.PublishDefinition):
            chosen[name] = chance.choice(CHOICES[name])
        elif name in kind.__slots__:
            chosen[name] = any_value(hint, chance, now)
    return kind(**chosen)


def outcome(result: Any) -> Any:
    """What came of a command, beside positions, times and what is random."""
    if isinstance(result, Receipt):
        return [(recorded.event.event_name, recorded.version) for recorded in result.events]
    if isinstance(result, Refused):
        return [refusal.code for refusal in result.refusals]
    return type(result.error if isinstance(result, Failed) else result)


class Engines(RuleBasedStateMachine):
    """The same commands to a memory engine and to one on a file: each law holds in both, and they agree."""

    @initialize(seed=st.integers(0, 3))
    def begin(self, seed: int) -> None:
        self.now = MONDAY
        self.folder = Path(tempfile.mkdtemp())
        urls = ("memory://", f"sqlite:///{self.folder / 'north.db'}")
        self.engines = [
            Engine.open(url, settings=Settings(clock=lambda: self.now, entropy=random.Random(seed).randbytes))
            for url in urls
        ]
        self.cycles: tuple[str, ...] = ()
        for engine in self.engines:
            engine.ensure_programme(CO)
            engine.execute_many([c.AddPerson(name, name) for name in PEOPLE], CO)
        pair = (Participant("p-a", mentee=True), Participant("p-b", mentor=True))
        both = tuple(Participant(name, mentee=True, mentor=True) for name in ("p-c", "p-d"))
        for some in (pair, both):
            self.send(c.PublishPairing(some), CO)
            self.send(c.OpenCycle(some[0].person), CO)

    def teardown(self) -> None:
        if hasattr(self, "engines"):
            self.everything_is_proved()
            for engine in self.engines:
                engine.close()
            shutil.rmtree(self.folder)

    def send(self, command: Command, actor: Actor, **said: Any) -> Any:
        """Rehearse it, send it to both, and hold what is true of every command."""
        results = []
        for engine in self.engines:
            head = engine.store.head()
            rehearsed = answer(engine, command, actor, dry_run=True, **said)
            assert engine.store.head() == head
            result = answer(engine, command, actor, **said)
            assert outcome(rehearsed) == outcome(result)
            appended = len(result.events) if isinstance(result, Receipt) else 0
            assert engine.store.head() == head + appended
            results.append(result)
        note(f"{str(command)[:200]} by {actor.id}: {outcome(results[0])}")
        assert outcome(results[0]) == outcome(results[1])
        if isinstance(results[0], Receipt):
            assert results[0] == results[1]
            if actor.role is Role.AUDITOR:
                assert not results[0].events
            if actor.programme == "south" and hasattr(command, "cycle"):
                assert self.engines[0].cycle(command.cycle, CO).programme == "south"
            if isinstance(command, c.OpenCycle | c.OpenNextCycle) and results[0].subject not in self.cycles:
                self.cycles = (*self.cycles, results[0].subject)
        return results[0]

    @rule(seed=st.integers(0, 2**32))
    def anybody_does_anything(self, seed: int) -> None:
        chance = random.Random(seed)
        actors = ((CO,) * 6) + tuple(map(Actor.participant, PEOPLE[:4])) * 2 + OUTSIDERS
        for _ in range(8):
            command = any_command(chance.choice(KINDS), self.cycles, chance, self.now)
            back = chance.choice(DAYS)
            happened = self.now + timedelta(days=back) if back else None
            self.send(command, chance.choice(actors), occurred_at=happened)

    @rule(seed=st.integers(0, 2**32))
    def a_coordinator_steers(self, seed: int) -> None:
        """What can be done to a cycle at any time, with values that are often right."""
        chance = random.Random(seed)
        for _ in range(6):
            cycle = chance.choice(self.cycles)
            state = self.engines[0].cycle(cycle, CO)
            moves = [
                c.Pause(cycle, PauseReason.LEAVE),
                c.Resume(cycle),
                c.UndoAdvance(cycle),
                c.Rematch(cycle, chance.choice(state.people), chance.choice(PEOPLE)),
                c.Extend(cycle, (self.now + timedelta(days=90)).date(), ExtendGround.ABSENCE),
                c.LogContact(cycle, chance.choice(NUMBERS)),
                c.Correct(cycle, state.version, CorrectionReason.WRONG_VALUE, {"minutes": 12}),
                c.OpenNextCycle(cycle),
                c.Reopen(cycle, ReopenReason.WORK_CONTINUES),
            ]
            if chance.random() < 0.05:
                moves = [c.Cancel(cycle, CancelReason.WITHDREW)]
            self.send(chance.choice(moves), CO)

    @rule(which=st.integers(-2, -1))
    def a_pair_lives_on(self, which: int) -> None:
        """What the stage asks for, then the next stage: random commands alone seldom come so far."""
        cycle = self.cycles[which]
        state = self.engines[0].cycle(cycle, CO)
        for command, actor in steps(state, self.now):
            self.send(command, actor)
        if state.status is Status.PAUSED:
            self.send(c.Resume(cycle), CO)

    @rule(seed=st.integers(0, 2**32), slice_size=st.integers(1, 4))
    def many_at_once(self, seed: int, slice_size: int) -> None:
        chance = random.Random(seed)
        commands = [any_command(chance.choice(KINDS), self.cycles, chance, self.now) for _ in range(8)]
        batches = []
        for engine in self.engines:
            head = engine.store.head()
            dry = engine.execute_many(commands, CO, dry_run=True, slice_size=slice_size)
            assert engine.store.head() == head
            batch = engine.execute_many(commands, CO, slice_size=slice_size)
            assert list(map(outcome, dry.results)) == list(map(outcome, batch.results))
            assert engine.store.head() == head + sum(len(receipt.events) for receipt in batch.receipts)
            batches.append(batch)
        assert batches[0].receipts == batches[1].receipts
        assert list(map(outcome, batches[0].results)) == list(map(outcome, batches[1].results))

    @rule(hours=st.sampled_from((1, 24, 24 * 9)))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(part=st.floats(0, 1))
    def the_past_is_a_prefix(self, part: float) -> None:
        """A state as of a position is the fold of the events up to it, and of no others."""
        for engine in self.engines:
            position = int(engine.store.head() * part)
            for cycle in self.cycles:
                events = engine.history(cycle, CO, upto=position)
                assert engine.as_of(cycle, position, CO) == fold(events, nothing(engine.cycle(cycle, CO)))
                assert all(recorded.position <= position for recorded in events)
            for name in PEOPLE:
                then = fold_person(engine.history(name, CO, upto=position))
                assert engine.as_of(name, position, CO).pairings == then.pairings
                assert engine.as_of(name, position, CO).version == then.version
            programme = fold_programme(engine.history("main", CO, upto=position))
            assert engine.as_of("main", position, CO).calendar == programme.calendar

    @rule()
    def somebody_asks_the_read_models(self) -> None:
        """So that they catch up in many small steps; at the end they are compared with a replay of all."""
        assert self.engines[0].queries.cycles(CO) == self.engines[1].queries.cycles(CO)
        assert self.engines[0].queries.acts(CO) == self.engines[1].queries.acts(CO)

    @invariant()
    def what_is_kept_is_what_is_replayed(self) -> None:
        for engine in getattr(self, "engines", ()):
            for cycle in self.cycles:
                events = engine.history(cycle, CO)
                assert engine.cycle(cycle, CO) == fold(events)
                assert [recorded.version for recorded in events] == list(range(1, len(events) + 1))

    def everything_is_proved(self) -> None:
        """At the end: the audit holds, both logs are the same, and a fresh engine on the file sees all of it.

        Read models that were brought up to date step by step are what a replay of the whole log makes of them.
        """
        memory, file = self.engines
        for engine in self.engines:
            report = verify_all(engine.queries.readers)
            assert report.holds, report.findings
            assert report.models
        rows = [engine.store.read_log(0, 10_000) for engine in self.engines]
        assert rows[0] == rows[1]
        assert [row.position for row in rows[0]] == list(range(1, len(rows[0]) + 1))
        with Engine.open(f"sqlite:///{self.folder / 'north.db'}", create=False) as again:
            for cycle in self.cycles:
                assert again.cycle(cycle, CO) == memory.cycle(cycle, CO) == file.cycle(cycle, CO)
            for name in PEOPLE:
                assert again.person(name, CO) == memory.person(name, CO) == file.person(name, CO)


def answer(engine: Engine, command: Command, actor: Actor, **said: Any) -> Any:
    try:
        return engine.execute(command, actor, **said)
    except MentorcycleError as error:
        return error


def nothing(cycle: Any) -> Any:
    return type(cycle)(id=cycle.id)


def steps(cycle: Any, now: datetime) -> list[tuple[Command, Actor]]:
    """What brings an active cycle into the next stage, by those who may."""
    id, mentee, mentor = cycle.id, cycle.mentees[0], cycle.mentors[-1]
    ada, bo = Actor.participant(mentee), Actor.participant(mentor)
    both = [Actor.participant(name) for name in cycle.people]
    area, unit, method = TeachingArea.PLANNING, Unit.COUNT, CollectionMethod.TALLY
    work: dict[str, list[tuple[Command, Actor]]] = {
        "goal-set": [
            (c.SetGoal(id, area, "g1", unit=unit, target=3.0, statement="Plan", measure="Plans"), ada),
            (c.RecordBaseline(id, "g1", 1.0, now.date(), MeasureSource.RECORDS), bo),
            *((c.AgreeGoals(id), actor) for actor in both),
        ],
        "observe": [
            (c.AgreeFocus(id, mentee, mentor, focus="Who asks?", method=method), ada),
            (c.CompleteObservation(id, now, 45, evidence=("12 asked",), context="3b"), bo),
        ],
        "debrief": [(c.HoldDebrief(id, 30, strengths=("Calm",), action_step="Ask more"), bo)],
        "reflect": [
            *((c.WriteReflection(id, "I wait"), actor) for actor in both),
            *((c.AssessGoal(id, goal.id, Assessment.MET), ada) for goal in cycle.goals),
        ],
        "celebrate": [(c.Celebrate(id, achievement="All asked"), ada)],
    }
    return [*work[cycle.stage], (c.Advance(id), bo)]


ROUNDS = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


class TestEngines(Engines.TestCase):
    settings = ROUNDS


@pytest.mark.soak
class TestEnginesForLong(Engines.TestCase):
    settings = settings(ROUNDS, max_examples=600, stateful_step_count=50)
