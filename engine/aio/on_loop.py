"""Runs calls in the tasks that await them: for a store whose connections are asynchronous."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from . import bridge
from .runner import Home

P = ParamSpec("P")
T = TypeVar("T")


class OnLoop(Home):
    """A runner without threads."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a call gives; cancelling the task cancels it where it stands."""
        self.check()
        return await bridge.run(work, *args, **kwargs)

    write = run
    wait = run

    async def beside(self, work: Callable[[], None], end: Callable[[], None]) -> None:
        """Run a call that goes on; being cancelled ends it where it stands, so nobody has to tell it."""
        await self.run(work)

    async def close(self, work: Callable[[], None]) -> None:
        """Run the last call."""
        await self.run(work)
