"""Commands in the transaction of a host that is a task: both commit, or neither, and the host's own stays as it was."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.errors import CannotJoin, Conflict
from mentorcycle.domain.refusal import Refused
from mentorcycle.engine import AsyncEngine, Pending

COORDINATOR = Actor.coordinator("north")


@asynccontextmanager
async def begun(url: str) -> AsyncIterator[tuple[AsyncEngine, psycopg.AsyncConnection[Any]]]:
    """An engine and a host, with a table of its own, on one database."""
    async with (
        AsyncEngine.open(url) as engine,
        await psycopg.AsyncConnection.connect(url, row_factory=dict_row) as host,
    ):
        await engine.ensure_programme(COORDINATOR)
        await host.execute("CREATE TABLE IF NOT EXISTS public.rooms (name text)")
        await host.execute("DELETE FROM public.rooms")
        await host.commit()
        yield engine, host


async def names(engine: AsyncEngine, host: psycopg.AsyncConnection[Any]) -> tuple[list[str], list[str]]:
    """Whom the engine knows, and which rooms the host has."""
    people = [row.name for row in await engine.queries.people(COORDINATOR)]
    rooms = await (await host.execute("SELECT name FROM public.rooms ORDER BY name")).fetchall()
    return people, [room["name"] for room in rooms]


async def test_rows_and_events_commit_together(log_url: str) -> None:
    done: list[str] = []

    async def send(name: str) -> None:
        await asyncio.sleep(0)
        done.append(name)

    async def keep(connection: psycopg.AsyncConnection[Any], events: Sequence[Any]) -> None:
        for recorded in events:
            await connection.execute("INSERT INTO public.rooms VALUES (%s)", [f"of {recorded.event.name}"])

    async with begun(log_url) as (engine, host):
        async with host.transaction():
            await host.execute("INSERT INTO public.rooms VALUES ('12')")
            async with engine.join(host, projections=[keep]) as unit:
                ann = (await unit.execute(c.AddPerson("Ann"), COORDINATOR)).or_raise()
                unit.on_commit(lambda: send("mail"))
                unit.on_commit(lambda: done.append("call"))
                both = await unit.execute_many([c.AddPerson("Bo"), c.OpenCycle(ann.subject)], COORDINATOR)
                assert [isinstance(answer, Refused) for answer in both] == [False, True]
            assert not await unit.committed()
            assert await engine.queries.people(COORDINATOR) == []
        assert await unit.committed()
        assert done == ["mail", "call"]
        first, second = await unit.receipts()
        assert second.last == await engine.queries.head() == first.last + 1
        assert await names(engine, host) == (["Ann", "Bo"], ["12", "of Ann", "of Bo"])


async def test_what_is_rolled_back_takes_the_events_with_it(log_url: str) -> None:
    async with begun(log_url) as (engine, host):
        await host.execute("INSERT INTO public.rooms VALUES ('12')")
        async with engine.join(host) as unit:
            (await unit.execute(c.AddPerson("Ann"), COORDINATOR)).or_raise()
        await host.rollback()
        assert not await unit.committed()
        assert await unit.receipts() == ()
        assert await names(engine, host) == ([], [])


async def test_the_host_begins_its_transactions_its_own_way_and_keeps_its_settings(log_url: str) -> None:
    async with begun(log_url) as (engine, host):
        await host.rollback()
        remarks: list[str] = []
        host.add_notice_handler(lambda remark: remarks.append(str(remark.message_primary)))
        await host.set_isolation_level(psycopg.IsolationLevel.SERIALIZABLE)
        with pytest.raises(CannotJoin, match="READ COMMITTED"):
            async with engine.join(host):
                pass
        await host.rollback()
        await host.set_isolation_level(None)
        async with engine.join(host) as unit:
            (await unit.execute(c.AddPerson("Ann"), COORDINATOR)).or_raise()
        await host.execute("DO $$BEGIN RAISE NOTICE 'still heard'; END$$")
        await host.commit()
        assert await unit.committed()
        assert remarks == ["still heard"]
        await host.set_autocommit(True)
        async with engine.join(host) as unit:
            with pytest.raises(CannotJoin, match="in no transaction"):
                await unit.execute(c.AddPerson("Bo"), COORDINATOR)
            async with host.transaction():
                (await unit.execute(c.AddPerson("Bo"), COORDINATOR)).or_raise()
        assert await names(engine, host) == (["Ann", "Bo"], [])


async def test_cancelled_or_overtaken_the_call_is_undone_and_the_transaction_goes_on(log_url: str) -> None:
    async with begun(log_url) as (engine, host):
        await engine.execute(c.AddPerson("Ann", person="p-ann"), COORDINATOR)
        async with await psycopg.AsyncConnection.connect(log_url) as other:
            async with engine.join(other) as first:
                (await first.execute(c.ChangePerson("p-ann", "Anna"), COORDINATOR)).or_raise()
            await host.execute("INSERT INTO public.rooms VALUES ('12')")
            async with engine.join(host) as unit:
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.1):
                        await unit.execute(c.ChangePerson("p-ann", "Anne"), COORDINATOR)
                waiting = asyncio.create_task(unit.execute(c.ChangePerson("p-ann", "Anne"), COORDINATOR))
                await asyncio.sleep(0.05)
                await other.commit()
                with pytest.raises(Conflict):
                    await waiting
                (await unit.execute(c.ChangePerson("p-ann", "Anne"), COORDINATOR)).or_raise()
        await host.commit()
        assert await names(engine, host) == (["Anne"], ["12"])


async def test_cancelled_at_any_statement_a_call_is_undone_or_known_and_those_before_it_stay(
    log_url: str,
) -> None:
    async with begun(log_url) as (engine, host):
        wait, waits = host.wait, 0
        kept: list[str] = []

        async def cancelling(*args: Any, **kwargs: Any) -> Any:
            nonlocal waits
            waits += 1
            if waits == nth:
                task.cancel()
            return await wait(*args, **kwargs)

        async with engine.join(host) as unit:
            await host.execute("INSERT INTO public.rooms VALUES ('12')")
            for nth in count(1):
                waits = 0
                host.wait = cancelling  # type: ignore[method-assign]
                task = asyncio.create_task(unit.execute(c.AddPerson(f"Person {nth}"), COORDINATOR))
                (answer,) = await asyncio.gather(task, return_exceptions=True)
                host.wait = wait  # type: ignore[method-assign]
                assert isinstance(answer, asyncio.CancelledError if waits >= nth else Pending)
                kept.append(f"Kept {nth}")
                assert isinstance(await unit.execute(c.AddPerson(kept[-1]), COORDINATOR), Pending)
                if waits < nth:  # nobody cancels it any more
                    break
        await host.commit()
        known = [receipt.events[0].event.name for receipt in await unit.receipts()]
        assert set(kept) <= set(known)
        assert await names(engine, host) == (sorted(known), ["12"])


async def test_tasks_share_a_unit_one_after_the_other(log_url: str) -> None:
    async with begun(log_url) as (engine, host):
        async with engine.join(host) as unit:
            await asyncio.gather(*(unit.execute(c.AddPerson(name), COORDINATOR) for name in "ABCD"))
        await host.commit()
        assert (await names(engine, host))[0] == ["A", "B", "C", "D"]


async def test_what_cannot_be_joined_says_why(log_url: str, file: str) -> None:
    with psycopg.connect(log_url) as for_threads, sqlite3.connect(":memory:") as other:
        async with AsyncEngine.open(log_url) as engine:
            for given in (for_threads, other, None):
                with pytest.raises(CannotJoin, match=r"psycopg\.AsyncConnection"):
                    engine.join(given)
        async with AsyncEngine.open(file) as engine:
            with pytest.raises(CannotJoin, match="in its own thread"):
                engine.join(other)
            with pytest.raises(CannotJoin, match="psycopg"):
                engine.join(for_threads)
        async with AsyncEngine.open() as engine:
            with pytest.raises(CannotJoin, match="nothing to join"):
                engine.join(other)
