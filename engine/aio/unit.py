"""Commands within the transaction of a host, for a task. What is promised is said at `engine.unit`.

On PostgreSQL alone: a connection to a SQLite file belongs to a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from inspect import isawaitable
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from mentorcycle.domain.recorded import Recorded

from ..engine import Engine
from ..unit import Projection, Unit
from .awaited import Outside, awaited, awaited_write
from .bridge import wait_for
from .host import Host, HostConnection, begun, host_of
from .postgres import LoopStore
from .runner import Runner

P = ParamSpec("P")
T = TypeVar("T")


class AsyncUnit(Outside[Unit]):
    """The connection of a host, joined for an `async with` block. Its calls come one after the other."""

    def __init__(self, unit: Unit, runner: Runner) -> None:
        """To be made by `AsyncEngine.join`."""
        super().__init__(unit, runner)

    execute = awaited_write(Unit.execute)
    execute_many = awaited_write(Unit.execute_many)
    committed = awaited(Unit.committed)
    receipts = awaited(Unit.receipts)

    def on_commit(self, hook: Callable[[], object]) -> None:
        """As `Unit.on_commit`; a hook may be a coroutine function."""
        self._inner.on_commit(lambda: _done(hook()))

    async def __aenter__(self) -> Self:
        await self._runner.write(self._inner.__enter__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, trace)


def joined(
    engine: Engine,
    runner: Runner,
    connection: object,
    models: Sequence[str],
    projections: Sequence[Projection],
) -> AsyncUnit:
    """A unit on a host's connection; raise `CannotJoin`."""
    runner.check()
    store = engine.store
    assert isinstance(store, LoopStore)
    host = host_of(connection, store.place)
    told = [_told(projection, host) for projection in projections]
    face = HostConnection.of(host)
    unit = engine.join(face, models=models, projections=told)
    return AsyncUnit(unit, _Within(runner, host, face))


class _Within:
    """Runs the calls of a unit, one at a time, each in the host's transaction."""

    def __init__(self, runner: Runner, host: Host, face: HostConnection) -> None:
        self._runner = runner
        self._host = host
        self._face = face
        self._turn = asyncio.Lock()

    def check(self) -> None:
        """Raise unless this is the loop of the runner."""
        self._runner.check()

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call gives that asks nothing of the host."""
        async with self._turn:
            return await self._runner.run(work, *args, **kwargs)

    async def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call gives that speaks on the host's connection."""
        self.check()
        async with self._turn:
            await begun(self._host)
            await self._runner.run(self._face.follow)
            return await self._runner.write(work, *args, **kwargs)

    wait = run

    async def close(self, work: Callable[[], None]) -> None:
        """There is nothing of ours to close."""


def _told(projection: Projection, host: Host) -> Projection:
    """The projection as a unit calls it; it may be a coroutine function, and gets the host's own connection."""

    def tell(_: Any, events: Sequence[Recorded[Any]]) -> object:
        return _done(projection(host, events))

    return tell


def _done(result: object) -> object:
    """What was given, once it is there."""
    if isawaitable(result):
        awaitable: Awaitable[object] = result
        return wait_for(awaitable)
    return result
