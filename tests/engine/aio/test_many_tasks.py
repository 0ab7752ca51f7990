"""Hundreds of tasks in one engine: nothing is lost, and the event loop never stands still for one of them."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from random import Random
from typing import Any

import psycopg
import pytest

from mentorcycle.domain import commands as c
from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Participant
from mentorcycle.domain.refusal import Refused
from mentorcycle.engine import AsyncEngine, Receipt, Settings

UNPLACED = "SELECT count(*) FROM mentorcycle.arrivals WHERE tx > (SELECT max(tx) FROM mentorcycle.positions)"
COORDINATOR = Actor.coordinator("north")


class Momentary:
    """A lock that nobody keeps while the loop goes on: in one thread, whoever found it taken would wait for ever."""

    def __init__(self) -> None:
        self._taken = False

    def __enter__(self) -> None:
        assert not self._taken, "a lock for threads was kept while the loop went on"
        self._taken = True

    def __exit__(self, *_: object) -> None:
        self._taken = False


def stopped(what: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError(f"the loop was stopped, or left: {what}")

    return refuse


def for_us(ours: Callable[[], Any], others: Callable[[], Any]) -> Callable[[], Any]:
    """Makes one thing when our code asks for it, and another for everybody else."""

    def make() -> Any:
        return ours() if sys._getframe(1).f_globals["__name__"].startswith("mentorcycle.") else others()

    return make


@contextmanager
def nothing_blocking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within, it fails to do what stops a thread, or begins another: in psycopg, and in all that is loaded of ours."""
    wrong = {
        threading.Lock: Momentary,
        threading.RLock: stopped("a lock for threads"),
        threading.Thread: stopped("a thread"),
        threading.Event: stopped("an event for threads"),
        time.sleep: stopped("sleep"),
    }
    before = set(threading.enumerate())
    with monkeypatch.context() as patch:
        for module in [m for name, m in sys.modules.items() if name.startswith("mentorcycle.engine")]:
            for name, value in list(vars(module).items()):
                if callable(value) and value.__hash__ and value in wrong:
                    patch.setattr(module, name, wrong[value])
        patch.setattr(time, "sleep", stopped("sleep"))
        patch.setattr(threading, "Lock", for_us(Momentary, threading.Lock))
        patch.setattr(threading, "RLock", for_us(stopped("a lock for threads"), threading.RLock))
        patch.setattr(psycopg.Connection, "connect", stopped("connect"))
        patch.setattr(psycopg.Connection, "wait", stopped("a query"))
        yield
    begun = {thread.name for thread in set(threading.enumerate()) - before}
    assert all(name.startswith("asyncio_") for name in begun), begun  # those look up names of hosts


@asynccontextmanager
async def heartbeat() -> AsyncIterator[Callable[[], int]]:
    """Says how often the loop has had its turn."""
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0)
            beats += 1

    beating = asyncio.create_task(beat())
    try:
        yield lambda: beats
    finally:
        beating.cancel()


async def begun(engine: AsyncEngine) -> tuple[str, Actor, Actor]:
    """A cycle that was just opened, its mentee and its mentor."""
    await engine.ensure_programme(COORDINATOR)
    ada, bo = [
        (await engine.execute(c.AddPerson(name), COORDINATOR)).or_raise().subject for name in ("Ada", "Bo")
    ]
    pair = (Participant(ada, mentee=True), Participant(bo, mentor=True))
    (await engine.execute(c.PublishPairing(pair), COORDINATOR)).or_raise()
    cycle = (await engine.execute(c.OpenCycle(ada), COORDINATOR)).or_raise().subject
    return cycle, Actor.participant(ada), Actor.participant(bo)


async def test_hundreds_of_tasks_in_one_thread_lose_nothing_and_never_stop_the_loop(
    log_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncEngine.open(log_url):
        pass  # and all that it needs is loaded
    with nothing_blocking(monkeypatch):
        async with AsyncEngine.open(log_url) as engine, heartbeat() as beats:
            cycle, _, bo = await begun(engine)
            start = await engine.queries.head()

            async def contact(minutes: int) -> Receipt:
                return (await engine.execute(c.LogContact(cycle, minutes), bo)).or_raise()

            async def add(number: int) -> Receipt:
                return (await engine.execute(c.AddPerson(f"Person {number}"), COORDINATOR)).or_raise()

            async def ask(_: int) -> int:
                listing = await engine.queries.cycles(COORDINATOR)
                assert [row.cycle for row in listing.rows] == [cycle]
                return listing.position

            async def follow(_: int) -> list[int]:
                async with engine.subscribe(after=start) as subscription:
                    return [(await anext(subscription)).position for _ in range(200)]

            async def hold_back() -> None:
                async with await psycopg.AsyncConnection.connect(log_url) as connection:
                    await connection.execute(
                        "SELECT pg_current_xact_id()"
                    )  # nothing gets a position meanwhile
                    holding.set()
                    count = await connection.execute(UNPLACED)
                    while await count.fetchone() == (0,):
                        count = await connection.execute(UNPLACED)
                    await asyncio.sleep(0.02)

            holding = asyncio.Event()
            async with asyncio.TaskGroup() as group:
                group.create_task(hold_back())
                await holding.wait()
                contacts = [group.create_task(contact(n)) for n in range(1, 61)]
                adding = [group.create_task(add(n)) for n in range(140)]
                asking = [group.create_task(ask(n)) for n in range(60)]
                following = [group.create_task(follow(n)) for n in range(20)]
            receipts = [task.result() for task in (*contacts, *adding)]
            positions = list(range(start + 1, start + 201))
            assert sorted(receipt.first for receipt in receipts) == positions
            assert all(task.result() == positions for task in following)
            assert all(start <= task.result() <= start + 200 for task in asking)
            state = await engine.cycle(cycle, COORDINATOR)
            assert Counter(one.minutes for one in state.contacts) == Counter(range(1, 61))
            assert len(await engine.queries.people(COORDINATOR, limit=1000)) == 142
            assert beats() > 200
    assert engine._inner.store.commits < 7 + 200  # type: ignore[attr-defined]  # tasks share them


async def test_a_large_batch_lets_the_loop_go_on_between_its_commands(log_url: str) -> None:
    async with heartbeat() as beats:
        seen: list[int] = []

        def entropy(count: int) -> bytes:
            seen.append(beats())
            time.sleep(0.012)  # each command takes longer than a loop is kept waiting
            return os.urandom(count)

        async with AsyncEngine.open(log_url, settings=Settings(entropy=entropy)) as engine:
            await engine.ensure_programme(COORDINATOR)
            seen.clear()
            many = [c.AddPerson(f"Person {n}") for n in range(30)]
            assert len((await engine.execute_many(many, COORDINATOR, batch="b-1")).receipts) == 30
    assert len(set(seen)) >= 30  # a turn of the loop for each


async def test_tasks_of_many_engines_take_their_decisions_anew(log_url: str, settings: Settings) -> None:
    async with AsyncEngine.open(log_url) as one, AsyncEngine.open(log_url) as other:
        cycle, _, bo = await begun(one)

        async def contacts(engine: AsyncEngine, minutes: int) -> None:
            for _ in range(6):
                (await engine.execute(c.LogContact(cycle, minutes), bo)).or_raise()

        async with asyncio.TaskGroup() as group:
            for number in range(1, 9):
                group.create_task(contacts(one if number % 2 else other, number))
        state = await one.cycle(cycle, COORDINATOR)
        assert Counter(one.minutes for one in state.contacts) == dict.fromkeys(range(1, 9), 6)


async def test_on_sqlite_all_commands_run_in_one_thread_beside_the_loop(file: str) -> None:
    wrote: set[str] = set()

    def entropy(count: int) -> bytes:
        wrote.add(threading.current_thread().name)
        return (
            threading.get_native_id().to_bytes(4, "big")
            + time.monotonic_ns().to_bytes(16, "big")[-(count - 4) :]
        )

    async with AsyncEngine.open(file, settings=Settings(entropy=entropy)) as engine, heartbeat() as beats:
        cycle, _, bo = await begun(engine)

        async def contact(minutes: int) -> None:
            (await engine.execute(c.LogContact(cycle, minutes), bo)).or_raise()
            assert (await engine.queries.cycle(cycle, COORDINATOR)).cycle == cycle

        await asyncio.gather(*(contact(minutes) for minutes in range(1, 101)))
        state = await engine.cycle(cycle, COORDINATOR)
        assert sorted(one.minutes for one in state.contacts) == list(range(1, 101))
        assert beats() > 100
    assert wrote == {"mentorcycle-writes_0"}


async def test_of_commands_and_questions_that_time_out_at_any_moment_nothing_is_lost_or_left(
    log_url: str,
) -> None:
    chance = Random(3)
    async with AsyncEngine.open(log_url) as engine:
        cycle, _, bo = await begun(engine)

        async def contact(minutes: int, *, patiently: bool = False) -> Receipt | Refused:
            patience = 60 if patiently else chance.choice([0.001, 0.005, 0.02, 0.05, 60])
            async with asyncio.timeout(patience):
                return await engine.execute(c.LogContact(cycle, minutes), bo, command_id=f"contact-{minutes}")

        async def ask(_: int) -> None:
            async with asyncio.timeout(chance.choice([0.001, 0.005, 0.02])):
                await engine.queries.people(COORDINATOR)

        works = [work(n) for n in range(1, 81) for work in (contact, ask)]
        results = await asyncio.gather(*works, return_exceptions=True)
        assert {type(result) for result in results} <= {Receipt, TimeoutError, type(None)}
        receipts = [result for result in results if isinstance(result, Receipt)]
        assert 0 < len(receipts) < 80
        again = await asyncio.gather(*(contact(n, patiently=True) for n in range(1, 81)))
        for receipt in receipts:
            assert receipt in again
        state = await engine.cycle(cycle, COORDINATOR)
        assert sorted(one.minutes for one in state.contacts) == list(range(1, 81))
        assert (await engine.queries.verify(COORDINATOR)).holds
