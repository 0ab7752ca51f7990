"""A worker for read models in a task: what `Worker` does, as coroutines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..readers.worker import Worker
from .awaited import Outside, awaited
from .runner import LongRunner


class Workers:
    """The workers of an engine that run."""

    def __init__(self) -> None:
        self.ended = False
        self._running: dict[asyncio.Future[None], Worker] = {}

    @contextmanager
    def running(self, worker: Worker) -> Iterator[None]:
        """Within, the worker runs."""
        left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._running[left] = worker
        try:
            yield
        finally:
            del self._running[left]
            left.set_result(None)

    async def end(self) -> None:
        """Let all of them leave, and wait until they have."""
        self.ended = True
        for worker in self._running.values():
            worker.stop()
        if self._running:
            await asyncio.wait(list(self._running))


class AsyncWorker(Outside[Worker]):
    """Feeds read models. Await `run` in a task of its own, or `run_once` from a scheduler. See `Worker`.

    On PostgreSQL it works in the thread of the loop, on SQLite and in memory in a thread of its own. Cancelling `run`
    gives up all it holds: in the midst of a batch, which is undone, or where it has a thread, after the batch.
    """

    def __init__(self, inner: Worker, runner: LongRunner, workers: Workers) -> None:
        """To be made by `AsyncEngine.worker`."""
        super().__init__(inner, runner)
        self.models = inner.models
        self._long = runner
        self._workers = workers

    async def run(self) -> None:
        """Keep everything up to date until it is stopped or cancelled, or the engine closed, see `Worker.run`."""
        if self._workers.ended:
            await self._runner.run(self._inner.store.head)  # which says that it is closed
        with self._workers.running(self._inner):
            await self._long.beside(self._inner.run, self._inner.stop)

    run_once = awaited(Worker.run_once)

    def stop(self) -> None:
        """Let `run` end soon, from any thread or a signal handler."""
        with suppress(RuntimeError):  # the loop has ended, and the worker with it
            self._long.loop.call_soon_threadsafe(self._inner.stop)
