"""Read models on an event loop: brought up to date, waited for, built anew and kept by workers, stopping nobody."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine import AsyncEngine, AsyncQueries, AsyncWorker, Engine, Queries
from mentorcycle.engine.readers.postgres_session import PostgresSession
from mentorcycle.engine.readers.readers import FIRST_BATCH
from mentorcycle.projections import MODELS

from .test_many_tasks import COORDINATOR, heartbeat, nothing_blocking

SECONDS = 60
"""Only so that a test that would wait for ever ends."""


async def eventually(holds: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await holds():
            await asyncio.sleep(0.01)


async def people(engine: AsyncEngine, *names: str) -> int:
    return (await engine.execute_many([c.AddPerson(name) for name in names], COORDINATOR)).receipts[-1].last


def working(queries: Queries) -> Any:
    return queries.readers.working()


def catch_up(queries: Queries) -> int:
    return queries.readers.catch_up()


def rebuild(queries: Queries, name: str) -> Any:
    return queries.readers.rebuild(name)


async def test_whatever_is_done_to_read_models_lets_the_loop_go_on(
    log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncEngine.open(log_url) as engine:  # and all that it needs is loaded
        await engine.ensure_programme(COORDINATOR)
        await people(engine, *(f"Person {n}" for n in range(150)))
        await engine.queries.run(rebuild, "people")
        await engine.worker().run_once()
    with nothing_blocking(monkeypatch):
        async with AsyncEngine.open(log_url) as engine, AsyncQueries.open(log_url) as other:
            async with heartbeat() as beats:
                keeping = asyncio.create_task(engine.worker(lease=2).run())
                position = await people(engine, *(f"More {n}" for n in range(50)))
                asking = [engine.queries.people(COORDINATOR, limit=1000) for _ in range(150)]
                waiting = [engine.wait_for(position) for _ in range(100)]
                counts = [len(rows) for rows in await asyncio.gather(*asking)]
                assert counts == [200] * 150
                assert min(await asyncio.gather(*waiting)) >= position
                assert await other.run(catch_up) == position
                rebuilt = await asyncio.gather(*(other.run(rebuild, model.name) for model in MODELS))
                assert all(one.equal for one in rebuilt)
                assert not keeping.done()
                keeping.cancel()
                await asyncio.wait([keeping])
                assert beats() > 200
            for queries in (engine.queries, other):
                assert queries._inner.readers.largest == FIRST_BATCH


async def test_tasks_wait_for_the_worker_of_another_process_and_are_told_who_it_is(log_url: str) -> None:
    async with AsyncEngine.open(log_url) as engine:
        await engine.ensure_programme(COORDINATOR)
        assert await engine.queries.people(COORDINATOR) == []  # read models there are
        with Engine.open(log_url) as elsewhere:
            tables = elsewhere.store.tables()  # type: ignore[attr-defined]
            with PostgresSession(tables, MODELS, name="sleeper") as session:
                position = await people(engine, "Ada")
                asking = [asyncio.create_task(engine.queries.people(COORDINATOR)) for _ in range(100)]
                waiting = [asyncio.create_task(engine.wait_for(position)) for _ in range(100)]
                hasty = [engine.wait_for(position, timeout=0.2) for _ in range(100)]
                async with heartbeat() as beats:
                    said = await asyncio.gather(*hasty, return_exceptions=True)
                    assert beats() > 100
                assert {type(one) for one in said} == {StoreUnavailable}
                assert all("is kept by worker sleeper" in str(one) for one in said)
                assert not any(task.done() for task in (*asking, *waiting))
                session.close()
            assert [[row.name for row in rows] for rows in await asyncio.gather(*asking)] == [["Ada"]] * 100
            assert await asyncio.gather(*waiting) == [position] * 100


async def test_a_position_is_waited_for_until_others_have_appended_it(url: str) -> None:
    async with AsyncEngine.open(url) as engine:
        await engine.ensure_programme(COORDINATOR)
        head = await engine.queries.head()
        with pytest.raises(StoreUnavailable, match=rf"no event {head + 1} yet.*waited 0.05 s"):
            await engine.wait_for(head + 1, timeout=0.05)
        waits = [asyncio.create_task(engine.wait_for(head + n)) for n in range(1, 11) for _ in range(20)]
        await asyncio.sleep(0.02)
        asked = await engine.queries.people(COORDINATOR)  # whoever waits keeps no question waiting
        assert asked == []
        last = await people(engine, *(f"Person {n}" for n in range(10)))
        async with asyncio.timeout(SECONDS):
            assert max(await asyncio.gather(*waits)) == last == head + 10
        receipt = (await engine.execute(c.AddPerson("Ada"), COORDINATOR)).or_raise()
        assert await engine.wait_for(receipt) == receipt.last
        assert await engine.queries.run(
            lambda queries: {one.position for one in queries.readers.status()}
        ) == {receipt.last}


async def up_to_date(engine: AsyncEngine) -> bool:
    head = await engine.queries.head()
    status = await engine.queries.run(lambda queries: queries.readers.status())
    return all(one.position == head for one in status)


@pytest.mark.parametrize("end", ["stop", "cancel", "close"])
@pytest.mark.parametrize("url", ["sqlite", "postgres"], indirect=True)  # in memory each keeps its own
async def test_a_worker_keeps_read_models_up_to_date_until_it_is_ended(url: str, end: str) -> None:
    told: list[str] = []
    engine = await AsyncEngine.open(url)
    try:
        worker = engine.worker(told=told.append)
        assert isinstance(worker, AsyncWorker)
        running = asyncio.create_task(worker.run())
        await engine.ensure_programme(COORDINATOR)
        for name in ("Ada", "Bo"):
            await people(engine, name)
            await eventually(partial(up_to_date, engine))
        assert not running.done()
        if end == "stop":
            await asyncio.to_thread(worker.stop)
        elif end == "cancel":
            running.cancel()
        else:
            await engine.close()
        async with asyncio.timeout(SECONDS):
            await asyncio.wait([running])
        assert running.cancelled() == (end == "cancel")
        assert len(told) == 1
        if end == "close":
            with pytest.raises(StoreUnavailable, match="closed"):
                await worker.run()
            with pytest.raises(StoreUnavailable, match="closed"):
                await worker.run_once()
            return
        found = await engine.queries.run(working)
        assert (found.workers, found.unowned) == ((), len(found.units))
        await people(engine, "Cy")
        assert (await engine.worker().run_once()).left == ()
        assert await up_to_date(engine)
    finally:
        await engine.close()


async def test_workers_of_one_loop_share_and_one_that_is_cancelled_gives_its_parts_up(log_url: str) -> None:
    async with AsyncEngine.open(log_url) as engine:
        await engine.ensure_programme(COORDINATOR)
        first, second = (asyncio.create_task(engine.worker(name=name).run()) for name in ("a", "b"))

        async def shares() -> dict[str | None, int]:
            owners = [unit.owner for unit in (await engine.queries.run(working)).units]
            return {owner: owners.count(owner) for owner in owners}

        async def shared() -> bool:
            return sorted((await shares()).values()) == [5, 6] and None not in await shares()

        async def all_of_one() -> bool:
            return await shares() == {"b": 11}

        await eventually(shared)
        first.cancel()
        await asyncio.wait([first])
        assert "a" not in await shares()
        await eventually(all_of_one)
        second.cancel()
        await asyncio.wait([second])
        assert await shares() == {None: 11}
        with psycopg.connect(log_url) as connection:
            assert connection.execute("SELECT count(*) FROM mentorcycle_models.workers").fetchone() == (0,)


async def test_a_session_that_the_server_ended_is_replaced_by_a_new_one(log_url: str) -> None:
    told: list[str] = []
    async with AsyncEngine.open(log_url) as engine:
        await engine.ensure_programme(COORDINATOR)
        running = asyncio.create_task(engine.worker(told=told.append).run())

        async def takes_part(times: int) -> bool:
            return sum("takes part" in text for text in told) == times

        await eventually(partial(takes_part, 1))
        (worker,) = (await engine.queries.run(working)).workers
        assert worker.name.endswith(f":{os.getpid()}")
        with psycopg.connect(log_url) as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", (worker.backend,))
        await eventually(partial(takes_part, 2))
        await people(engine, "Ada")
        await eventually(partial(up_to_date, engine))
        running.cancel()
        await asyncio.wait([running])


async def test_one_that_asks_as_somebody_is_answered_while_a_worker_is_cancelled_at_any_moment(
    log_url: str,
) -> None:
    async with AsyncEngine.open(log_url) as engine:
        await engine.ensure_programme(COORDINATOR)
        for n in range(12):
            running = asyncio.create_task(engine.worker().run())
            await people(engine, f"Person {n}")
            await asyncio.sleep(n / 200)
            running.cancel()
            await asyncio.wait([running])
            assert len(await engine.queries.people(Actor.auditor("state"), limit=100)) == n + 1
        compared = await engine.queries.run(lambda q: [q.readers.compare(m.name).equal for m in MODELS])
        assert all(compared)
        assert await engine.queries.run(lambda q: q.readers.dead_letters()) == []
