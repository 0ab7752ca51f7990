"""Where the core runs while a task awaits it: that is what differs between the kinds of stores."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar

from mentorcycle.domain.errors import StoreUnavailable

P = ParamSpec("P")
T = TypeVar("T")


class Runner(Protocol):
    """Runs calls for the tasks of one loop; each method raises `StoreUnavailable` in another loop or process."""

    def check(self) -> None:
        """Raise unless this is the loop of the runner."""

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """What a call gives that appends nothing."""

    def write(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """What a call gives that may append."""

    def wait(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """What a call gives that does nothing but wait."""

    def close(self, work: Callable[[], None]) -> Coroutine[Any, Any, None]:
        """Run the last call, which makes all others fail."""


class LongRunner(Runner, Protocol):
    """One that can also run what goes on for long beside all else."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop whose tasks it runs calls for."""

    def beside(self, work: Callable[[], None], end: Callable[[], None]) -> Coroutine[Any, Any, None]:
        """Run a call that goes on until `end()`, which keeps nobody else waiting; cancelling ends it in good order."""


class Home:
    """The loop and the process that something was opened in."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._process = os.getpid()

    def check(self) -> None:
        """Raise in another loop or process."""
        if os.getpid() != self._process:
            raise StoreUnavailable(
                "the engine was opened before this process was forked",
                "its connections and threads are those of the process that opened it",
                "open it after forking",
            )
        if _running() is not self.loop:
            raise StoreUnavailable(
                "the engine was opened in another event loop",
                "its connections belong to that loop, and nobody else can wait for them",
                "open an engine in each loop: async with AsyncEngine.open(…)",
            )


def _running() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
