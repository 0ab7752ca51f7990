"""What the tests of tasks need: a loop of their own, and a way to speak to it from threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any, TypeVar

import pytest

from mentorcycle.engine.aio import bridge

pytest.register_assert_rewrite("mentorcycle.engine.testing.store_contract")

T = TypeVar("T")


class LoopThread:
    """An event loop in a thread; whoever calls from another gets a task in it."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="the loop")
        self._thread.start()

    def call(self, work: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        async def task() -> T:
            return await bridge.run(work, *args, **kwargs)

        return asyncio.run_coroutine_threadsafe(task(), self.loop).result(120)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(60)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.get_loop().run_forever()


class InLoop:
    """An object of a loop, to be used from threads: each call of a method is a task."""

    def __init__(self, thread: LoopThread, make: Callable[[], Any]) -> None:
        self._thread = thread
        self._inner = thread.call(make)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        return lambda *args, **kwargs: self._thread.call(found, *args, **kwargs)


@pytest.fixture
def in_loop() -> Iterator[Callable[[Callable[[], Any]], Any]]:
    """Makes objects that live in an event loop, to be used from threads."""
    thread = LoopThread()
    yield lambda make: InLoop(thread, make)
    thread.stop()
