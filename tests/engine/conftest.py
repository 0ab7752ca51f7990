"""Ada Ünal is mentored by Bo Karlsson, through a real engine, in memory and in a SQLite file."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.commands import Command
from mentorcycle.domain.cycle import Cycle
from mentorcycle.domain.definition import shipped
from mentorcycle.domain.errors import CommandReused, Conflict
from mentorcycle.domain.events import Participant
from mentorcycle.domain.vocabulary import (
    Assessment,
    Audience,
    CancelReason,
    CollectionMethod,
    CorrectionReason,
    EvidenceKind,
    ExtendGround,
    LeaveReason,
    MeasureSource,
    ObservationCancelReason,
    PauseReason,
    ReopenReason,
    StepOutcome,
    TeachingArea,
    Unit,
    WaiverReason,
)
from mentorcycle.engine import Engine, Receipt, Settings
from mentorcycle.engine.codec import to_micros
from mentorcycle.engine.stores.port import Appended, Slice
from mentorcycle.engine.stores.sqlite import SQLiteStore

pytest.register_assert_rewrite("mentorcycle.engine.testing.store_contract")

MONDAY = datetime(2026, 9, 7, 8, tzinfo=UTC)
COORDINATOR = Actor.coordinator("north")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Story:
    """A cycle of Ada (mentee) and Bo (mentor); Cy and Di are not in it."""

    engine: Engine
    clock: Clock
    ada: Actor
    bo: Actor
    cy: Actor
    di: Actor
    cycle: str
    coordinator: Actor = COORDINATOR

    def to(self, stage: str) -> Story:
        """Live on until the cycle stands in a stage."""
        while self.state.stage != stage:
            for command, actor in self._stage(self.state.stage):
                self.engine.execute(command, actor).or_raise()
            self.clock.move(days=1)
            self.engine.execute(c.Advance(self.cycle), self.ada).or_raise()
        return self

    def contact(self, minutes: int = 30) -> Receipt:
        return self.engine.execute(c.LogContact(self.cycle, minutes), self.bo).or_raise()

    @property
    def state(self) -> Cycle:
        return self.engine.cycle(self.cycle, COORDINATOR)

    def _stage(self, stage: str) -> list[tuple[Command, Actor]]:
        cycle, now, ada, bo = self.cycle, self.clock.now, self.ada, self.bo
        day, method = date(2026, 9, 7), CollectionMethod.TALLY
        area, unit, seen = TeachingArea.ENGAGEMENT, Unit.PERCENT, (EvidenceKind.DESCRIPTION,)
        return {
            "goal-set": [
                (
                    c.SetGoal(
                        cycle, area, "g1", unit=unit, target=80.0, statement="More speak", measure="Hands"
                    ),
                    ada,
                ),
                (c.RecordBaseline(cycle, "g1", 40.0, day, MeasureSource.OBSERVATION), ada),
                (c.AgreeGoals(cycle), ada),
                (c.AgreeGoals(cycle), bo),
            ],
            "observe": [
                (c.AgreeFocus(cycle, ada.id, bo.id, focus="Who speaks?", method=method), ada),
                (c.CompleteObservation(cycle, now, 45, kinds=seen, evidence=("12 of 24 spoke",)), bo),
            ],
            "debrief": [(c.HoldDebrief(cycle, 30, strengths=("Wait time",), action_step="Ask rows"), bo)],
            "reflect": [
                (c.WriteReflection(cycle, "I wait longer"), ada),
                (c.AssessGoal(cycle, "g1", Assessment.MET), ada),
            ],
            "celebrate": [(c.Celebrate(cycle, achievement="All spoke"), ada)],
        }[stage]


def begun(engine: Engine, clock: Clock, name: str = "") -> Story:
    """Four people, one pair, one cycle that was just opened."""
    engine.ensure_programme(COORDINATOR)
    people = [f"{first}{name}" for first in ("Ada", "Bo", "Cy", "Di")]
    ada, bo, cy, di = (
        Actor.participant(engine.execute(c.AddPerson(person), COORDINATOR).or_raise().subject)
        for person in people
    )
    pair = (Participant(ada.id, mentee=True), Participant(bo.id, mentor=True))
    engine.execute(c.PublishPairing(pair), COORDINATOR).or_raise()
    cycle = engine.execute(c.OpenCycle(ada.id), COORDINATOR).or_raise().subject
    return Story(engine, clock, ada, bo, cy, di, cycle)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(clock: Clock) -> Settings:
    """A clock that stands still, and entropy that repeats."""
    return Settings(clock=clock, entropy=random.Random(7).randbytes)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'north.db'}"


@pytest.fixture
def open_engine(file: str, clock: Clock) -> Iterator[Callable[..., Engine]]:
    """Opens engines on one file, as other processes would, and closes them in the end."""
    opened: list[Engine] = []

    def open_(tenant: str = "default", **options: Any) -> Engine:
        opened.append(Engine.open(file, tenant=tenant, settings=Settings(clock=clock, **options)))
        return opened[-1]

    yield open_
    for engine in opened:
        engine.close()


class Overtaken(SQLiteStore):
    """Lets somebody else write first: between the reading and the first append that comes after `before_append`."""

    before_append: Callable[[], object] | None = None

    def append(self, slice_: Slice) -> Appended:
        self._let_go_first()
        return super().append(slice_)

    def append_many(self, slices: Sequence[Slice]) -> list[Appended | Conflict | CommandReused]:
        self._let_go_first()
        return super().append_many(slices)

    def _let_go_first(self) -> None:
        work, self.before_append = self.before_append, None
        if work is not None:
            work()


@pytest.fixture
def slow_engine(file: str, clock: Clock) -> Iterator[Callable[..., Engine]]:
    """Opens an engine on the file that is overtaken by some work when it first writes."""
    opened: list[Engine] = []

    def open_(work: Callable[[], object], **options: Any) -> Engine:
        store = Overtaken(file.removeprefix("sqlite:///"), clock=lambda: to_micros(clock()))
        opened.append(Engine(store, settings=Settings(clock=clock, **options)))
        store.before_append = work
        return opened[-1]

    yield open_
    for engine in opened:
        engine.close()


@pytest.fixture(params=["memory", "sqlite"])
def engine(request: pytest.FixtureRequest, settings: Settings, file: str) -> Iterator[Engine]:
    with Engine.open("memory://" if request.param == "memory" else file, settings=settings) as engine:
        yield engine


@pytest.fixture
def begin(clock: Clock) -> Callable[..., Story]:
    """Begins the story in an engine."""
    return lambda engine, name="": begun(engine, clock, name)


@pytest.fixture
def story(engine: Engine, clock: Clock) -> Story:
    return begun(engine, clock)


@pytest.fixture
def on_file(open_engine: Callable[..., Engine], clock: Clock) -> Story:
    """The same on a SQLite file, which other engines may open beside it."""
    return begun(open_engine(), clock)


def one_of_each(story: Story, mark: str) -> dict[str, Command]:
    """One of each, with a marked text in every field that takes words."""
    cycle, ada, bo, now = story.cycle, story.ada.id, story.bo.id, story.clock.now
    day, pair = now.date(), (Participant(story.cy.id, mentee=True), Participant(story.di.id, mentor=True))
    commands = [
        c.SetGoal(
            cycle,
            TeachingArea.PLANNING,
            "g1",
            unit=Unit.COUNT,
            target=3.0,
            statement=f"{mark} goal",
            measure=f"{mark} measure",
        ),
        c.RecordBaseline(cycle, "g1", 1.0, day, MeasureSource.RECORDS),
        c.AgreeGoals(cycle),
        c.RecordExpectations(cycle, 2, f"{mark} expectations"),
        c.AgreeFocus(cycle, ada, bo, focus=f"{mark} focus", method=CollectionMethod.VERBAL_FLOW),
        c.ScheduleObservation(cycle, now),
        c.RescheduleObservation(cycle, "o1", now),
        c.CancelObservation(cycle, "o1", ObservationCancelReason.ABSENCE),
        c.CompleteObservation(
            cycle,
            now,
            45,
            observer=bo,
            observed=ada,
            context=f"{mark} context",
            evidence=(f"{mark} one", f"{mark} two"),
            numbers=f"{mark} numbers",
        ),
        c.HoldDebrief(
            cycle,
            30,
            strengths=(f"{mark} strength", f"{mark} other strength"),
            growth_point=f"{mark} growth",
            action_step=f"{mark} step",
            goal_candidates=(f"{mark} candidate",),
        ),
        c.CheckActionStep(cycle, "s1", StepOutcome.PARTLY),
        c.WriteReflection(cycle, f"{mark} reflection", comments=f"{mark} comments"),
        c.AssessGoal(cycle, "g1", Assessment.MET),
        c.GiveConsent(cycle, Audience.SCHOOL),
        c.Celebrate(cycle, achievement=f"{mark} achievement", practice=f"{mark} practice"),
        c.LogContact(cycle, 30, notes=f"{mark} notes"),
        c.Waive(cycle, "baseline", "g1", WaiverReason.NEW_CLASS),
        c.OpenCycle(story.cy.id),
        c.Advance(cycle),
        c.UndoAdvance(cycle),
        c.Pause(cycle, PauseReason.LEAVE),
        c.Resume(cycle),
        c.Cancel(cycle, CancelReason.WITHDREW),
        c.Reopen(cycle, ReopenReason.CLOSED_BY_MISTAKE),
        c.Extend(cycle, date(2027, 1, 1), ExtendGround.ABSENCE),
        c.AskRematch(cycle),
        c.Rematch(cycle, bo, story.cy.id),
        c.Correct(cycle, 2, CorrectionReason.TYPING_ERROR, {"minutes": 20}),
        c.OpenNextCycle(cycle),
        c.AddPerson("Eve"),
        c.ChangePerson(story.di.id, "Di O."),
        c.NameEvaluator(ada, story.di.id),
        c.RemoveEvaluator(ada, story.di.id),
        c.MarkLeft(story.di.id, LeaveReason.RETIRED),
        c.MarkReturned(story.di.id),
        c.MergePeople(story.di.id, story.cy.id),
        c.ForbidPairing(ada, story.di.id),
        c.PublishPairing(pair),
        c.EndPairing(ada, "q-none"),
        c.CreateProgramme("West", programme="west"),
        c.ChangeProgramme("North"),
        c.CloseSchool((day,)),
        c.OpenSchool((day,)),
        c.PublishDefinition(shipped().source.replace("version = 1 ", "version = 2 ", 1)),
    ]
    return {command.command_name: command for command in commands}


def hats(story: Story) -> dict[str, Actor]:
    """Every hat there is, worn by those in the cycle and those outside it."""
    return {
        "mentee": story.ada,
        "mentor": story.bo,
        "coordinator": story.coordinator,
        "coordinator elsewhere": Actor.coordinator("south", programme="south"),
        "auditor": Actor.auditor("state"),
        "auditor elsewhere": Actor.auditor("state", programme="south"),
        "system": Actor.system(),
        "stranger": story.cy,
        "nobody": Actor.participant("p-nobody"),
    }


@pytest.fixture
def every_command() -> Callable[[Story, str], dict[str, Command]]:
    """One of each command, with a marked text in every field that takes words."""
    return one_of_each


@pytest.fixture
def everyone() -> Callable[[Story], dict[str, Actor]]:
    """Every hat there is, by name."""
    return hats
