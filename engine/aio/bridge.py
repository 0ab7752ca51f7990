"""Runs the core, which is written for threads, in a task: where it would stand still, the event loop goes on.

`run` gives a call a stack of its own (a greenlet); `wait_for` leaves that stack until something awaitable is done.
What the task is told meanwhile, to be cancelled for example, is raised where the call stands, but for `finish`.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from time import monotonic
from typing import Any, Final, ParamSpec, TypeVar, cast

from greenlet import GreenletExit, getcurrent, greenlet

P = ParamSpec("P")
T = TypeVar("T")

_BUSY_SECONDS: Final = 0.01
_MOST_WISHES: Final = 100


class _Loop:
    """When a loop last had its turn, as far as this knows."""

    last = 0.0


class _Stack(greenlet):  # type: ignore[misc]  # greenlet comes without types
    """The stack of one call, and what its task was told that it has not heard yet."""

    told: BaseException | None = None

    def hear(self) -> None:
        """Raise it."""
        told, self.told = self.told, None
        if told is not None:
            raise told


@types.coroutine
def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Generator[Any, Any, T]:
    """What a call gives; to be awaited in the task in which it is to run."""
    stack = _Stack(lambda: _heard(work, *args, **kwargs))
    stack.gr_context = getcurrent().gr_context  # context variables are the task's
    _Loop.last = monotonic()
    wish = stack.switch()
    while not stack.dead:
        try:
            given = yield wish
        except GeneratorExit:
            _abandon(stack)
            raise
        except BaseException as error:
            wish = stack.throw(error)
        else:
            wish = stack.switch(given)
    return cast(T, wish)


def wait_for(awaitable: Awaitable[T]) -> T:
    """What an awaitable gives, while the loop goes on; only within `run`."""
    try:
        stack = _current()
        stack.hear()
    except BaseException:
        if isinstance(awaitable, Coroutine):
            awaitable.close()  # or it would complain that nobody awaited it
        raise
    waiting = awaitable.__await__()
    try:
        wish = waiting.send(None)  # what is done at once costs no turn of the loop
        while True:
            try:
                given = stack.parent.switch(wish)
            except BaseException as error:
                wish = waiting.throw(error)
            else:
                wish = waiting.send(given)
            finally:
                _Loop.last = monotonic()
    except StopIteration as done:
        return cast(T, done.value)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """The same to the very end of some work: what the task is told meanwhile is raised by what it does next."""
    stack, done = _current(), asyncio.ensure_future(work)
    told: BaseException | None = None
    while not done.done():
        try:
            wait_for(asyncio.wait([done]))
        except asyncio.CancelledError as error:
            told = error
    stack.told = told
    return done.result()


def breathe() -> None:
    """Give the loop a turn, if it has been waiting for long."""
    if monotonic() - _Loop.last > _BUSY_SECONDS:
        wait_for(asyncio.sleep(0))


def _heard(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    try:
        return work(*args, **kwargs)
    finally:
        _current().hear()


def _current() -> _Stack:
    stack = getcurrent()
    if not isinstance(stack, _Stack):
        raise RuntimeError("this works in tasks alone: use the coroutines of AsyncEngine")
    return stack


def _abandon(stack: _Stack) -> None:
    """End a stack to which nobody will come back: whatever it still wishes to wait for is not to be had."""
    for _ in range(_MOST_WISHES):
        if stack.dead:
            return
        stack.throw(GreenletExit)
