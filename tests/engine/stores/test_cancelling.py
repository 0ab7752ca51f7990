"""Tasks that are cancelled while they wait: nothing stays held or open, and nobody else is kept from their answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from random import Random
from typing import Any, TypeVar

import anyio
import psycopg
import pytest

from mentorcycle.domain.errors import StoreUnavailable
from mentorcycle.engine.aio.bridge import run, wait_for
from mentorcycle.engine.aio.pace import TASKS, TaskLock
from mentorcycle.engine.aio.postgres import LoopStore
from mentorcycle.engine.stores.port import Appended
from mentorcycle.engine.testing.store_contract import command, event

T = TypeVar("T")


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[LoopStore]:
    store = await run(LoopStore, url, **options)
    yield store
    await run(store.close)


def begin(work: Callable[..., T], *args: Any) -> asyncio.Task[T]:
    async def in_task() -> T:
        return await run(work, *args)

    return asyncio.create_task(in_task())


@asynccontextmanager
async def looking(url: str) -> AsyncIterator[Callable[[str], Awaitable[list[Any]]]]:
    """Asks the server, from outside of the store."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:

        async def ask(query: str) -> list[Any]:
            return await (await connection.execute(query)).fetchall()  # type: ignore[arg-type]

        yield ask


@asynccontextmanager
async def entered(scope: AbstractContextManager[object]) -> AsyncIterator[None]:
    with scope:
        yield


WAITING = "SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
OPEN = (
    "SELECT state, query FROM pg_stat_activity WHERE application_name = 'mentorcycle'"
    " AND datname = current_database() AND state <> 'idle'"
)


async def until(ask: Callable[[str], Awaitable[list[Any]]], query: str, count: int = 1) -> None:
    while len(await ask(query)) != count:
        await asyncio.sleep(0.005)


async def is_whole(store: LoopStore, size: int) -> None:
    """Every connection can be lent, all at the same time."""

    def hold() -> None:
        with store.connection() as connection:
            both.append(connection)
            while len(both) < size:
                TASKS.sleep(0.001)
            assert connection.execute("SELECT 1").fetchone() == (1,)

    both: list[Any] = []
    await asyncio.gather(*(begin(hold) for _ in range(size)))


async def test_cancelled_in_the_server_it_leaves_no_transaction_and_a_free_id(
    log_url: str, slow: Callable[..., Any]
) -> None:
    before = slow()
    before.write("a", 1)
    async with opened(log_url, connections=2) as store, looking(log_url) as ask:
        appending = begin(store.append, command("c1", event("a", 1)))
        await until(ask, WAITING)
        appending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await appending
        await until(ask, OPEN, 0)
        assert await ask(WAITING) == []
        before.rollback()
        await is_whole(store, 2)
        assert not (await begin(store.append, command("c1", event("a", 1)))).repeated


async def test_a_timeout_is_one_and_the_command_can_be_sent_again(
    log_url: str, slow: Callable[..., Any]
) -> None:
    before = slow()
    before.write("a", 1)
    async with opened(log_url) as store:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await run(store.append, command("c1", event("a", 1)))
        before.rollback()
        assert (await run(store.append, command("c1", event("a", 1)))).first == 1


@pytest.mark.parametrize("in_server", [False, True])
async def test_the_mates_of_a_cancelled_leader_get_their_answers(
    log_url: str, slow: Callable[..., Any], in_server: bool
) -> None:
    before = slow()
    before.write("mate-1", 1)
    async with opened(log_url, connections=1) as store, looking(log_url) as ask:
        go_on = asyncio.Event()

        def hold() -> None:
            with store.connection():
                wait_for(go_on.wait())

        holding = begin(hold)
        await asyncio.sleep(0)
        leader = begin(store.append, command("leader", event("leader", 1)))
        await asyncio.sleep(0)
        mates = [begin(store.append, command(f"mate-{n}", event(f"mate-{n}", 1))) for n in range(3)]
        await asyncio.sleep(0)
        if in_server:  # all four are in one commit, which cannot go on
            go_on.set()
            await until(ask, WAITING)
        leader.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leader
        go_on.set()
        await holding
        before.rollback()
        answers = await asyncio.gather(*mates)
        assert sorted(answer.first for answer in answers) == [1, 2, 3]
        await is_whole(store, 1)


async def test_whoever_is_cancelled_while_waiting_for_a_connection_takes_none(log_url: str) -> None:
    async with opened(log_url, connections=1, patience=5.0) as store:
        with_it, go_on = asyncio.Event(), asyncio.Event()

        def hold() -> None:
            with store.connection():
                with_it.set()
                wait_for(go_on.wait())

        holding = begin(hold)
        await with_it.wait()
        waiting = [begin(store.head) for _ in range(5)]
        await asyncio.sleep(0.01)
        for task in waiting[:4]:
            task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        await holding
        assert await waiting[4] == 0
        assert all(task.cancelled() for task in waiting[:4])


async def test_a_pool_that_is_exhausted_says_so_and_serves_again(log_url: str) -> None:
    async with opened(log_url, connections=1, patience=0.1) as store:
        go_on = asyncio.Event()

        def hold() -> None:
            with store.connection():
                wait_for(go_on.wait())

        holding = begin(hold)
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="all 1 connections"):
            await run(store.head)
        go_on.set()
        await holding
        assert await run(store.head) == 0


@pytest.mark.parametrize("within", [asyncio.timeout, anyio.fail_after])  # the second cancels again and again
async def test_of_tasks_cancelled_at_any_moment_each_command_is_there_once_or_not_at_all(
    log_url: str, within: Callable[[float], Any]
) -> None:
    chance = Random(5)
    async with opened(log_url, connections=3) as store, looking(log_url) as ask:
        told: dict[str, Appended] = {}

        async def append(number: int) -> None:
            for n in range(1, 5):
                id = f"{number}-{n}"
                with suppress(TimeoutError):
                    scope = within(chance.choice([0.0005, 0.002, 0.005, 0.02, 60]))
                    async with scope if within is asyncio.timeout else entered(scope):
                        told[id] = await run(store.append, command(id, event(id, 1)))

        await asyncio.gather(*(append(number) for number in range(60)))
        await until(ask, OPEN, 0)
        await is_whole(store, 3)
        assert 0 < len(told) < 240
        rows = await run(
            store.read_log, 0, await run(store.head)
        )  # which places what the cancelled could not
        assert [row.position for row in rows] == list(range(1, len(rows) + 1))
        there = {row.stream: row.position for row in rows}
        assert {id: appended.first for id, appended in told.items()}.items() <= there.items()
        for number in range(60):  # sent again, all are there, and none of them twice
            again = [command(f"{number}-{n}", event(f"{number}-{n}", 1)) for n in range(1, 5)]
            outcomes = await run(store.append_many, again)
            assert [isinstance(one, Appended) and one.repeated for one in outcomes] == [
                one.command_id in there for one in again
            ]
        assert await run(store.head) == 240


async def test_a_lock_goes_on_to_the_next_when_it_came_together_with_a_cancellation() -> None:
    lock, had = TaskLock(), []

    def take(name: str) -> None:
        with lock:
            had.append(name)
            TASKS.sleep(0)

    lock.acquire()
    first, second = begin(take, "first"), begin(take, "second")
    await asyncio.sleep(0)
    lock.release()  # it is given to the first, who does not know it yet
    first.cancel()
    await asyncio.wait([first, second])
    assert first.cancelled()
    assert had == ["second"]
    assert not lock.locked()


async def test_a_lock_is_not_waited_for_longer_than_was_said() -> None:
    lock = TaskLock()
    assert lock.acquire()
    assert not lock.acquire(blocking=False)
    assert not await begin(lock.acquire, True, 0.01)
    waiting = begin(lock.acquire, True, 60.0)
    await asyncio.sleep(0)
    lock.release()
    assert await waiting
    lock.release()
    assert not lock.locked()
    with pytest.raises(RuntimeError, match="unlocked"):
        lock.release()


async def test_a_lock_that_may_be_taken_again_is_of_one_call_and_not_of_the_thread() -> None:
    lock, order = TASKS.rlock(), []

    def twice(name: str) -> None:
        with lock, lock:
            order.append(name)
            TASKS.sleep(0)
            order.append(name)

    await asyncio.gather(begin(twice, "a"), begin(twice, "b"))
    assert order == ["a", "a", "b", "b"]


def test_what_waits_outside_of_a_task_says_what_to_use() -> None:
    with pytest.raises(RuntimeError, match="coroutines of AsyncEngine"):
        TASKS.sleep(0)


async def test_a_call_that_nobody_awaits_any_more_gives_back_what_it_held() -> None:
    lock = TaskLock()

    def take() -> None:
        with lock:
            TASKS.sleep(60)

    begun: Any = run(take)
    begun.send(None)
    assert lock.locked()
    begun.close()
    assert not lock.locked()
