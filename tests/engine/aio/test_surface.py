"""`AsyncEngine` has what `Engine` has, under the same names and parameters, and costs nobody who does not use it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import Any

import pytest

from mentorcycle.engine import (
    AsyncEngine,
    AsyncQueries,
    AsyncSubscription,
    AsyncUnit,
    AsyncWorker,
    Engine,
    Queries,
    Subscription,
    Unit,
    Worker,
)

PAIRS = [
    (Engine, AsyncEngine),
    (Queries, AsyncQueries),
    (Subscription, AsyncSubscription),
    (Unit, AsyncUnit),
    (Worker, AsyncWorker),
]
# What these give is awaited, entered, iterated or run; to stop and to register a hook waits for nothing.
NOT_COROUTINES = {"open", "join", "on_commit", "stop", "subscribe", "worker"}
NOT_HERE = {"store", "readers"}  # they are for threads; what they answer is asked of `queries`


def public(kind: type) -> dict[str, Any]:
    return {name: inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize(("threads", "tasks"), PAIRS)
def test_the_same_methods_have_the_same_parameters(threads: type, tasks: type) -> None:
    there, here = public(threads), public(tasks)
    assert set(here) - set(there) <= {"run"}
    assert set(there) <= set(here)
    for name, method in there.items():
        if isinstance(method, property):
            assert isinstance(here[name], property)
            continue
        ours = inspect.signature(getattr(tasks, name)).parameters
        theirs = inspect.signature(getattr(threads, name)).parameters
        assert list(ours.values()) == list(theirs.values()), name


@pytest.mark.parametrize(("threads", "tasks"), PAIRS)
def test_what_asks_the_store_is_a_coroutine(threads: type, tasks: type) -> None:
    for name, method in public(tasks).items():
        if not isinstance(method, property):
            assert inspect.iscoroutinefunction(getattr(tasks, name)) == (name not in NOT_COROUTINES), name


async def test_they_have_the_same_attributes() -> None:
    with Engine.open() as threads:
        async with AsyncEngine.open() as tasks:
            for one, other in ((threads, tasks), (threads.queries, tasks.queries)):
                wanted = {name for name in vars(one) if not name.startswith("_")} - NOT_HERE
                assert wanted == {name for name in vars(other) if not name.startswith("_")}


def test_documentation_and_names_come_with_them() -> None:
    assert AsyncEngine.execute.__doc__ == Engine.execute.__doc__
    assert AsyncQueries.stalled.__name__ == "stalled"


@pytest.mark.parametrize(
    ("script", "unloaded"),
    [
        ("import mentorcycle.engine", ("asyncio", "greenlet", "psycopg")),
        ("from mentorcycle.engine import Engine; Engine.open().close()", ("greenlet", "psycopg")),
        ("from mentorcycle.engine import Engine; Engine.open().close()", ("mentorcycle.engine.aio",)),
        ("from mentorcycle.engine import AsyncEngine", ("greenlet", "psycopg")),
    ],
)
def test_nobody_pays_for_what_they_do_not_use(script: str, unloaded: tuple[str, ...]) -> None:
    script += f"; import sys; sys.exit(str([name for name in {unloaded!r} if name in sys.modules] or ''))"
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_without_greenlet_it_is_said_what_to_install() -> None:
    script = (
        "import asyncio, sys; sys.modules['greenlet'] = None\n"
        "from mentorcycle.domain.errors import StoreUnavailable\n"
        "from mentorcycle.engine import AsyncEngine\n"
        "async def main():\n"
        "    async with AsyncEngine.open('memory://') as engine: assert await engine.queries.head() == 0\n"
        "    try: await AsyncEngine.open('postgresql://localhost/x')\n"
        "    except StoreUnavailable as error: print(error)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'mentorcycle[postgres,async]'" in done.stdout
