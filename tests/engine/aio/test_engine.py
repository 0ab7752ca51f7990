"""The asynchronous engine on each kind of store: a cycle from goal to celebration, questions, and what is refused."""

from __future__ import annotations

import asyncio
import os
import random
import threading
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, date, datetime
from typing import Any

import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import CommandReused, NotFound, StoreUnavailable, UnknownStore
from mentorcycle.domain.events import Participant
from mentorcycle.domain.refusal import Refused, RefusedError
from mentorcycle.engine import AsyncEngine, AsyncQueries, Engine, Receipt, Settings
from mentorcycle.engine.overview import overview
from mentorcycle.engine.readers.readers import FIRST_BATCH
from mentorcycle.engine.undo import work_of_batch

COORDINATOR = Actor.coordinator("north")


@pytest.fixture
def story(seen: Callable[..., Engine], url: str, settings: Settings, begin: Callable[..., Any]) -> Any:
    return begin(seen(url, settings=settings))


def test_a_cycle_runs_through_all_its_stages(story: Any) -> None:
    engine = story.to("celebrate").engine
    for asked, actor in story._stage("celebrate"):
        engine.execute(asked, actor).or_raise()
    story.clock.move(days=1)
    engine.execute(c.Advance(story.cycle), story.ada).or_raise()
    assert story.state.status.value == "completed"
    history = engine.history(story.cycle, story.ada, words=True)
    assert "More speak" in [r.event.statement.text for r in history if hasattr(r.event, "statement")]
    assert engine.as_of(story.cycle, history[0].position, COORDINATOR).stage == "goal-set"
    assert [row.cycle for row in engine.queries.cycles(COORDINATOR).rows] == [story.cycle]
    assert engine.queries.counts(COORDINATOR)[0].status.value == "completed"
    assert engine.queries.verify(COORDINATOR).holds
    assert engine.definition(story.cycle, COORDINATOR).name == "peer-cycle"
    assert engine.person(story.ada.id, COORDINATOR).name == "Ada"


def test_the_same_commands_make_the_same_log_for_threads_and_for_tasks(
    seen: Callable[..., Engine], url: str, clock: Any, begin: Callable[..., Any], tmp_path: Any
) -> None:
    def lived(engine: Any) -> Any:
        clock.now = clock.now.replace(day=7)
        begin(engine).to("reflect")
        many = [c.AddPerson(f"Person {n}") for n in range(20)]
        assert len(engine.execute_many(many, COORDINATOR, slice_size=7).receipts) == 20
        return engine

    def seeded() -> Settings:
        return Settings(clock=clock, entropy=random.Random(7).randbytes)

    with Engine.open(f"sqlite:///{tmp_path / 'threads.db'}", settings=seeded()) as threads:
        wanted = lived(threads).store.read_log(0, 10_000)
    tasks: Any = lived(seen(url, settings=seeded()))
    found = tasks._inner._inner.store
    rows = tasks._loop.call(tasks._inner._runner.run, found.read_log, 0, 10_000)
    assert rows == wanted


def test_what_the_rules_refuse_is_a_value_and_what_cannot_be_is_an_error(story: Any) -> None:
    engine = story.engine
    refused = engine.execute(c.Advance(story.cycle), story.ada)
    assert isinstance(refused, Refused)
    assert [move.edge.target for move in engine.can(story.cycle, story.ada) if move.refusals] == ["observe"]
    first = engine.execute(c.LogContact(story.cycle, 30), story.bo, command_id="k1").or_raise()
    again = engine.execute(c.LogContact(story.cycle, 30), story.bo, command_id="k1").or_raise()
    assert again == first
    assert again.repeated
    with pytest.raises(CommandReused):
        engine.execute(c.LogContact(story.cycle, 31), story.bo, command_id="k1")
    with pytest.raises(NotFound):
        engine.cycle("c-nothing", COORDINATOR)
    with pytest.raises(RefusedError):
        engine.cycle(story.cycle, story.cy)
    dry = engine.execute(c.LogContact(story.cycle, 30), story.bo, dry_run=True).or_raise()
    assert (dry.first, dry.last) == (0, -1)


async def test_a_subscriber_gets_every_event_in_order_while_others_write(url: str) -> None:
    async with AsyncEngine.open(url) as engine:
        await engine.ensure_programme(COORDINATOR)
        before = await engine.queries.head()

        async def add(name: str) -> list[Receipt]:
            return [
                (await engine.execute(c.AddPerson(f"{name} {n}"), COORDINATOR)).or_raise() for n in range(5)
            ]

        async def follow() -> list[Any]:
            async with engine.subscribe(after=before) as subscription:
                return [await anext(subscription) for _ in range(15)]

        async with asyncio.TaskGroup() as group:
            followers = [group.create_task(follow()) for _ in range(5)]
            writers = [group.create_task(add(name)) for name in ("Ann", "Bo", "Cy")]
        wanted = sorted(receipt.first for writer in writers for receipt in writer.result())
        for follower in followers:
            assert [recorded.position for recorded in follower.result()] == wanted


async def test_a_subscriber_that_is_cancelled_or_stopped_has_missed_nothing(url: str) -> None:
    async with AsyncEngine.open(url) as engine:
        await engine.ensure_programme(COORDINATOR)
        subscription = engine.subscribe(after=await engine.queries.head())
        for name in ("Ann", "Bo"):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(subscription)
            await engine.execute(c.AddPerson(name), COORDINATOR)
            assert (await anext(subscription)).event.name == name
        waiting = asyncio.create_task(anext(subscription, None))
        await asyncio.sleep(0.02)
        subscription.stop()
        assert await waiting is None
        assert subscription.position == await engine.queries.head()


async def test_closing_ends_the_waiting_with_an_error_and_says_so_ever_after(url: str) -> None:
    engine = await AsyncEngine.open(url)
    subscription = engine.subscribe()
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0.02)
    await engine.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await waiting
    for use in (
        engine.programme(),
        engine.ensure_programme(COORDINATOR),
        engine.execute_many([c.AddPerson("Ann")], COORDINATOR),
        engine.queries.head(),
        anext(engine.subscribe()),
    ):
        with pytest.raises(StoreUnavailable, match="closed"):
            await use
    await engine.close()


async def test_an_engine_that_is_left_by_an_error_is_closed(url: str) -> None:
    with pytest.raises(ZeroDivisionError):
        async with AsyncEngine.open(url) as engine:
            1 / 0  # noqa: B018
    with pytest.raises(StoreUnavailable, match="closed"):
        await engine.programme()


def test_another_event_loop_is_told_to_open_its_own(url: str) -> None:
    async def opened() -> AsyncEngine:
        return await AsyncEngine.open(url)

    async def use() -> None:
        for coroutine in (
            engine.programme(),
            engine.execute(c.AddPerson("Ann"), COORDINATOR),
            engine.close(),
        ):
            with pytest.raises(StoreUnavailable, match="another event loop"):
                await coroutine
        with pytest.raises(StoreUnavailable, match="open an engine in each loop"):
            engine.subscribe()

    engine = asyncio.run(opened())
    asyncio.run(use())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
async def test_an_engine_opened_before_a_fork_is_refused_after_it(url: str) -> None:
    async with AsyncEngine.open(url) as engine:
        await engine.ensure_programme(COORDINATOR)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                engine.programme().send(None)
            except StoreUnavailable as error:
                code = 0 if "after forking" in error.fix else 2
            finally:
                os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert (await engine.programme()).exists


async def test_what_cannot_be_opened_is_said_and_leaves_nothing(tmp_path: Any, database: str) -> None:
    with pytest.raises(UnknownStore):
        await AsyncEngine.open("mysql://x")
    with pytest.raises(StoreUnavailable, match="no log"):
        await AsyncEngine.open(f"sqlite:///{tmp_path}/none.db", create=False)
    with pytest.raises(StoreUnavailable, match="no log"):
        await AsyncQueries.open(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(StoreUnavailable, match="mentorcycle db init"):
        async with AsyncEngine.open(database):
            pass
    assert not list(tmp_path.iterdir())


async def test_a_receipt_can_be_waited_for(url: str) -> None:
    async with AsyncEngine.open(url) as engine:
        await engine.ensure_programme(COORDINATOR)
        receipt = (await engine.execute(c.AddPerson("Ann"), COORDINATOR)).or_raise()
        assert await engine.wait_for(receipt) == receipt.last
        with pytest.raises(StoreUnavailable):
            await engine.wait_for(receipt.last + 1, timeout=0.05)


async def test_context_variables_of_a_task_are_there_where_its_host_is_asked(url: str) -> None:
    request: ContextVar[str] = ContextVar("request", default="none")
    seen_by_the_clock: set[str] = set()

    def clock() -> datetime:
        seen_by_the_clock.add(request.get())
        return datetime(2026, 9, 7, tzinfo=UTC)

    async def add(name: str) -> None:
        request.set(name)
        (await engine.execute(c.AddPerson(name), COORDINATOR)).or_raise()

    async with AsyncEngine.open(url, settings=Settings(clock=clock)) as engine:
        await engine.ensure_programme(COORDINATOR)
        seen_by_the_clock.clear()
        await asyncio.gather(*(add(name) for name in ("Ann", "Bo", "Cy")))
        assert {"Ann", "Bo", "Cy"} <= seen_by_the_clock


async def test_whatever_takes_an_engine_for_threads_can_be_run_by_tasks(url: str) -> None:
    async with AsyncEngine.open(url) as engine:
        await engine.ensure_programme(COORDINATOR)
        batch = await engine.execute_many([c.AddPerson("Ada"), c.AddPerson("Bo")], COORDINATOR)
        ada, bo = (receipt.subject for receipt in batch.receipts)
        pair = (Participant(ada, mentee=True), Participant(bo, mentor=True))
        (await engine.execute(c.PublishPairing(pair), COORDINATOR)).or_raise()
        cycle = (await engine.execute(c.OpenCycle(ada), COORDINATOR)).or_raise().subject
        work = await engine.run(work_of_batch, batch.id, COORDINATOR)
        assert work.others == {ada: ("PersonAdded",), bo: ("PersonAdded",)}
        page = await engine.queries.run(overview, cycle, COORDINATOR, date(2026, 9, 7))
        assert (page.cycle.id, page.names[bo]) == (cycle, "Bo")


async def test_on_sqlite_a_call_that_has_begun_goes_on_and_one_that_has_not_is_never_made(file: str) -> None:
    held, go_on = threading.Event(), threading.Event()

    def clock() -> datetime:
        held.set()
        assert go_on.wait(60)
        return datetime(2026, 9, 7, tzinfo=UTC)

    async with AsyncEngine.open(file, settings=Settings(clock=clock)) as engine:
        begun, waiting = (
            asyncio.create_task(
                engine.execute(c.CreateProgramme(name, programme=name), COORDINATOR, command_id=name)
            )
            for name in ("one", "two")
        )
        await asyncio.to_thread(held.wait, 60)
        for task in (begun, waiting):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        go_on.set()
        for name, repeated in (("one", True), ("two", False)):
            again = await engine.execute(
                c.CreateProgramme(name, programme=name), COORDINATOR, command_id=name
            )
            assert again.or_raise().repeated == repeated


async def test_questions_alone_are_asked_of_what_others_append(file: str, log_url: str) -> None:
    for url in (file, log_url):
        async with AsyncEngine.open(url) as engine:
            await engine.ensure_programme(COORDINATOR)
            async with AsyncQueries.open(url) as queries:
                assert await queries.people(COORDINATOR) == []
                await engine.execute(c.AddPerson("Ann"), COORDINATOR)
                assert [row.name for row in await queries.people(COORDINATOR)] == ["Ann"]


def test_questions_alone_keep_the_loop_no_longer_than_an_engine(log_url: str) -> None:
    async def largest() -> tuple[int, int]:
        async with AsyncEngine.open(log_url) as engine, AsyncQueries.open(log_url) as queries:
            return (
                await engine.run(lambda inner: inner.queries.readers.largest),
                await queries.run(lambda inner: inner.readers.largest),
            )

    assert asyncio.run(largest()) == (FIRST_BATCH, FIRST_BATCH)
