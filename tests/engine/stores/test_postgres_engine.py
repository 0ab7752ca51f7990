"""The engine on PostgreSQL: a cycle from goal to celebration, from several processes, and questions to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Thread
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import CommandReused, Conflict, NotFound, StoreUnavailable
from mentorcycle.domain.refusal import Refused
from mentorcycle.domain.vocabulary import CancelReason, Status
from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.audit import verify
from mentorcycle.engine.queries import Queries
from mentorcycle.engine.stores.postgres_schema import init_schema
from mentorcycle.engine.testing.store_contract import command, event

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
    for asked, actor in story._stage("celebrate"):
        engine.execute(asked, actor).or_raise()
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


def test_questions_know_what_any_process_appended_before_they_were_asked(
    story: Any, engine: Engine, log_url: str
) -> None:
    with Queries.open(log_url) as queries:
        for asked in (engine.queries, queries):
            assert [row.cycle for row in asked.cycles(COORDINATOR).rows] == [story.cycle]
            assert asked.counts(COORDINATOR)[0].stage == "goal-set"
        before, then = queries.head(), queries.recorded_at(queries.head())
        assert queries.position(then) == before == engine.store.head()
        with Engine.open(log_url, settings=engine.settings) as other:
            other.execute(c.Cancel(story.cycle, CancelReason.WITHDREW), COORDINATOR).or_raise()
            head = other.store.head()
        for asked in (engine.queries, queries):
            listing = asked.cycles(COORDINATOR)
            assert listing.position == asked.head() == head
            assert listing.rows[0].status is Status.CANCELLED
            assert asked.cycle(story.cycle, COORDINATOR, at=before).status is Status.ACTIVE
            assert asked.as_of(story.cycle, before, COORDINATOR).status is Status.ACTIVE
            assert [model.state for model in asked.readers.status()] == ["active"] * 4
            assert asked.readers.kept
        assert queries.verify(COORDINATOR).holds


def test_threads_of_a_web_back_end_ask_while_others_append_and_catch_up(
    story: Any, engine: Engine, log_url: str
) -> None:
    """Each sees at least what it appended itself, in one moment: never a part of a batch."""
    with Engine.open(log_url, settings=engine.settings) as asked:
        there = len(engine.queries.people(COORDINATOR))
        wrong: list[Any] = []

        def come(name: str) -> None:
            try:
                for n in range(8):
                    both = [c.AddPerson(f"{name} {n} {half}") for half in "ab"]
                    asked.execute_many(both, COORDINATOR)
                    seen = [row.name for row in asked.queries.people(COORDINATOR, limit=1000)]
                    wrong.extend(text for text in (f"{name} {n} a", f"{name} {n} b") if text not in seen)
                    with asked.queries.readers.view() as view:
                        names = [row.name[:-2] for row in view.people.page("default", limit=1000)]
                        digest, twice = view.digest("people"), view.digest("people")
                    wrong.extend(
                        text for text in set(names) if text.startswith("T") and names.count(text) != 2
                    )
                    wrong.extend([digest] if digest != twice else [])
            except BaseException as error:
                wrong.append(error)

        threads = [Thread(target=come, args=(f"T{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert len(asked.queries.people(COORDINATOR, limit=1000)) == there + 6 * 8 * 2
        assert all(asked.queries.readers.compare(one.name).equal for one in asked.queries.readers.models)


def test_a_log_that_another_takes_the_place_of_is_not_taken_for_it(
    story: Any, engine: Engine, server: Any, log_url: str
) -> None:
    """As a dump restored into an emptied database does: no connection breaks, and the versions may even match."""
    before = engine.store.incarnation()
    assert engine.queries.total(COORDINATOR) == 1
    with psycopg.connect(log_url) as connection:
        connection.execute("DROP SCHEMA mentorcycle CASCADE")
    init_schema(log_url)
    with Engine.open(log_url, settings=engine.settings) as other:
        other.ensure_programme(COORDINATOR)
        ann = other.execute(c.AddPerson("Ann"), COORDINATOR).or_raise().subject
        assert other.store.incarnation() != before
    old = replace(command("c1", event("s", 1)), incarnation=before)
    with pytest.raises(Conflict):
        engine.store.append(old)
    assert engine.store.incarnation() != before
    assert engine.store.append(replace(old, incarnation=engine.store.incarnation())).first > 0
    assert engine.queries.total(COORDINATOR) == 0
    assert engine.person(ann, COORDINATOR).name == "Ann"
    with pytest.raises(NotFound):
        engine.cycle(story.cycle, COORDINATOR)
    with pytest.raises(NotFound):
        engine.execute(c.LogContact(story.cycle, 30), story.bo)


def test_every_copy_of_a_database_is_another_log(server: Any, log_url: str, engine: Engine) -> None:
    engine.ensure_programme(COORDINATOR)
    incarnation = engine.store.incarnation()
    with Engine.open(log_url) as again:
        assert again.store.incarnation() == incarnation
    engine.close()
    server.sql(f"CREATE DATABASE a_copy TEMPLATE {conninfo_to_dict(log_url)['dbname']}")
    try:
        with Engine.open(server.database("a_copy")) as copy:
            assert copy.store.incarnation() != incarnation
            assert copy.programme().exists
    finally:
        server.sql("DROP DATABASE a_copy WITH (FORCE)")


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
