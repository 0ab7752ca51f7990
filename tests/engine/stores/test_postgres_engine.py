"""The engine on PostgreSQL: a cycle from goal to celebration, from several processes; and what is not there yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import CommandReused, StoreUnavailable
from mentorcycle.domain.refusal import Refused
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.audit import verify
from mentorcycle.engine.queries import Queries
from mentorcycle.engine.readers.tables import ReadModelsUnavailable

COORDINATOR = Actor.coordinator("north")


@pytest.fixture
def engine(log_url: str, settings: Settings) -> Iterator[Engine]:
    with Engine.open(log_url, settings=settings) as engine:
        yield engine


@pytest.fixture
def story(engine: Engine, begin: Callable[..., Any]) -> Any:
    return begin(engine)


def test_a_cycle_runs_through_all_its_stages(story: Any, engine: Engine, log_url: str) -> None:
    story.to("celebrate")
    for command, actor in story._stage("celebrate"):
        engine.execute(command, actor).or_raise()
    story.clock.move(days=1)
    engine.execute(c.Advance(story.cycle), story.ada).or_raise()
    assert story.state.status.value == "completed"
    history = engine.history(story.cycle, story.ada, words=True)
    assert [recorded.version for recorded in history] == list(range(1, len(history) + 1))
    assert "More speak" in [r.event.statement.text for r in history if hasattr(r.event, "statement")]
    goal_set = engine.as_of(story.cycle, history[0].position, COORDINATOR)
    assert goal_set.stage == "goal-set"
    assert engine.as_of(story.cycle, history[-1].recorded_at, COORDINATOR) == story.state
    assert verify(engine.store).holds
    with Engine.open(log_url) as other:
        assert other.cycle(story.cycle, COORDINATOR) == story.state
        assert other.person(story.ada.id, COORDINATOR).name == "Ada"
        assert other.programme().exists


def test_what_may_be_done_next_is_told(story: Any, engine: Engine) -> None:
    move = next(move for move in engine.can(story.cycle, story.ada) if move.refusals)
    assert move.refusals
    assert isinstance(engine.execute(c.Advance(story.cycle), story.ada), Refused)


def test_a_repeated_command_gives_the_first_receipt(story: Any, engine: Engine) -> None:
    log = c.LogContact(story.cycle, 30)
    first = engine.execute(log, story.bo, command_id="k1").or_raise()
    again = engine.execute(log, story.bo, command_id="k1").or_raise()
    assert again.repeated
    assert (again.first, again.last) == (first.first, first.last)
    with pytest.raises(CommandReused):
        engine.execute(c.LogContact(story.cycle, 31), story.bo, command_id="k1")


def test_many_commands_are_one_batch_and_are_told_to_subscribers(engine: Engine) -> None:
    engine.ensure_programme(COORDINATOR)
    before = engine.store.head()
    batch = engine.execute_many([c.AddPerson(f"Person {n}") for n in range(250)], COORDINATOR)
    assert len(batch.receipts) == 250
    with engine.subscribe(after=before) as subscription:
        assert [next(subscription).event.name for _ in range(250)] == [f"Person {n}" for n in range(250)]


def test_engines_of_two_processes_retake_their_decisions_on_each_other(
    story: Any, engine: Engine, log_url: str, settings: Settings
) -> None:
    with Engine.open(log_url, settings=settings) as other:
        for n in range(5):
            engine.execute(c.LogContact(story.cycle, 10 + n), story.bo).or_raise()
            other.execute(c.LogContact(story.cycle, 20 + n), story.bo).or_raise()
    minutes = [r.event.minutes for r in engine.history(story.cycle, story.bo) if hasattr(r.event, "minutes")]
    assert sorted(minutes) == [10, 11, 12, 13, 14, 20, 21, 22, 23, 24]


def test_what_needs_read_models_says_that_they_are_not_here(story: Any, engine: Engine, log_url: str) -> None:
    with Queries.open(log_url) as queries:
        questions: list[Callable[[], Any]] = [
            lambda: engine.queries.cycles(COORDINATOR),
            lambda: engine.queries.counts(COORDINATOR),
            lambda: engine.queries.cycle(story.cycle, COORDINATOR),
            lambda: engine.queries.readers.catch_up(),
            lambda: engine.queries.readers.status(),
            lambda: engine.queries.readers.rebuild("cycles"),
            lambda: queries.cycles(COORDINATOR),
        ]
        for question in questions:
            with pytest.raises(
                ReadModelsUnavailable, match=r"not available on PostgreSQL.*from the log itself"
            ):
                question()
        assert queries.programme().exists
        assert len(queries.history(story.cycle, COORDINATOR)) > 0


def test_tenants_of_one_database_do_not_see_each_other(story: Any, log_url: str, settings: Settings) -> None:
    with Engine.open(log_url, tenant="south", settings=settings) as south:
        assert not south.programme().exists
        south.ensure_programme(COORDINATOR)
        assert south.store.head() > story.engine.programme().version


def test_a_database_without_a_log_says_what_to_run(database: str) -> None:
    with pytest.raises(StoreUnavailable, match="mentorcycle db init"):
        Engine.open(database)
    with pytest.raises(StoreUnavailable, match="mentorcycle db init"):
        Engine.open(database.replace("postgresql://", "postgres://"))
