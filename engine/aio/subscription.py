"""Every event in order, as it is appended, for a task. What it promises is said in `engine.subscription`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from types import TracebackType
from typing import Any, Self

from mentorcycle.domain.recorded import Recorded

from ..stores.port import Log
from ..subscription import BATCH, LISTEN_SECONDS, Arrived
from .runner import Runner


class Watch:
    """Waits for the end of the log, once for all subscribers of an engine that have come there."""

    def __init__(self, log: Log, runner: Runner) -> None:
        self._log = log
        self._runner = runner
        self._waits: dict[int, asyncio.Task[int]] = {}

    def past(self, position: int) -> asyncio.Task[int]:
        """Done when the log has passed a position, or after a while. Not to be cancelled: others may wait for it."""
        wait = self._waits.get(position)
        if wait is None or wait.done():
            wait = asyncio.create_task(self._runner.wait(self._log.wait, position, LISTEN_SECONDS))
            self._waits[position] = wait
            wait.add_done_callback(lambda done: self._forget(position, done))
        return wait

    async def reaches(self, position: int, timeout: float) -> int:
        """The head, once it has come to a position or so many seconds are over."""
        deadline = monotonic() + timeout
        head = await self._runner.run(self._log.head)
        while head < position and (left := deadline - monotonic()) > 0:
            past = self.past(head)  # and not of `position`: all who wait for the end wait for the same
            await asyncio.wait([past], timeout=left)
            head = past.result() if past.done() else head
        return head

    async def end(self) -> None:
        """Wait until nobody waits any more, after the log was closed."""
        if self._waits:
            await asyncio.wait(list(self._waits.values()))

    def _forget(self, position: int, wait: asyncio.Task[int]) -> None:
        if self._waits.get(position) is wait:
            del self._waits[position]
        if not wait.cancelled():
            wait.exception()  # or it would complain when nobody waits for it any more


class AsyncSubscription(AsyncIterator[Recorded[Any]]):
    """Iterating waits for the next event of the tenant; `stop` ends it at once.

    `position` is the last position looked at, also of other tenants' events: what to subscribe after next time.
    An event that cannot be read raises `HistoryUnreadable`, after all before it were given. A task that is
    cancelled while it waits has missed nothing: iterating again gives the event that it waited for.
    """

    def __init__(self, log: Log, tenant: str, after: int, runner: Runner, watch: Watch) -> None:
        runner.check()
        self._log = log
        self._arrived = Arrived(tenant, after)
        self._runner = runner
        self._watch = watch
        self._stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def position(self) -> int:
        """The last position looked at."""
        return self._arrived.position

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Recorded[Any]:
        while not self._stopped.done():
            recorded = self._arrived.next()
            if recorded is not None:
                return recorded
            rows = await self._runner.run(self._log.read_log, self.position, BATCH)
            self._arrived.add(rows)
            if not rows:
                past = self._watch.past(self.position)
                either: tuple[asyncio.Future[Any], ...] = (past, self._stopped)
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
                if past.done():
                    past.result()
        raise StopAsyncIteration

    def stop(self) -> None:
        """End the iteration."""
        if not self._stopped.done():
            self._stopped.set_result(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
