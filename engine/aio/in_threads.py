"""Runs calls in threads: for stores that know no other way to wait, of which SQLite is one.

Whatever may append runs in one thread, one after the other. A call that has begun goes on when its task is cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from threading import Thread
from typing import ParamSpec, TypeVar

from .runner import Home

P = ParamSpec("P")
T = TypeVar("T")

_READERS = 4
_WAITING = 2  # all who wait for the end of the log share one; the other is for who waits elsewhere


class InThreads(Home):
    """A runner with one thread that writes and a few that read."""

    def __init__(self) -> None:
        super().__init__()
        self._writer = ThreadPoolExecutor(1, "mentorcycle-writes")
        self._readers = ThreadPoolExecutor(_READERS, "mentorcycle-reads")
        self._waiting = ThreadPoolExecutor(_WAITING, "mentorcycle-waits")
        self._closed = False

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call gives that appends nothing."""
        return await self._in(self._readers, work, *args, **kwargs)

    async def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call gives that may append."""
        return await self._in(self._writer, work, *args, **kwargs)

    async def wait(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call gives that does nothing but wait."""
        return await self._in(self._waiting, work, *args, **kwargs)

    async def beside(self, work: Callable[[], None], end: Callable[[], None]) -> None:
        """Run a call that goes on in a thread of its own; being cancelled waits until it has left."""
        self.check()
        outcome: Future[None] = Future()
        context = copy_context()

        def run() -> None:
            try:
                outcome.set_result(context.run(work))
            except BaseException as error:
                outcome.set_exception(error)

        Thread(target=run, name="mentorcycle-beside", daemon=True).start()
        done = asyncio.wrap_future(outcome)
        try:
            await asyncio.wait([done])
        except asyncio.CancelledError:
            end()
            await asyncio.wait([done])
            done.exception()  # or it would complain that nobody asked
            raise
        return done.result()

    async def close(self, work: Callable[[], None]) -> None:
        """Run the last call, after all that was to be written, and let the threads go."""
        try:
            await self.write(work)
        finally:
            self._closed = True
            for pool in (self._writer, self._readers, self._waiting):
                pool.shutdown(wait=False)

    async def _in(
        self, pool: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        self.check()
        if self._closed:
            return work(*args, **kwargs)  # it waits for nothing: the store is closed, and says so
        context = copy_context()
        return await self.loop.run_in_executor(pool, lambda: context.run(work, *args, **kwargs))
