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
from mentorcycle.domain.errors import CommandReused, Conflict
from mentorcycle.domain.events import Participant
from mentorcycle.domain.vocabulary import (
    Assessment,
    CollectionMethod,
    EvidenceKind,
    MeasureSource,
    TeachingArea,
    Unit,
)
from mentorcycle.engine import Engine, Receipt, Settings
from mentorcycle.engine.codec import to_micros
from mentorcycle.engine.stores.port import Appended, Slice
from mentorcycle.engine.stores.sqlite import SQLiteStore

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
