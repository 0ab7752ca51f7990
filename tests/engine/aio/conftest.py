"""Asynchronous engines on each kind of store, and as threads see them: for the story, which knows threads alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

import pytest

from mentorcycle.engine import AsyncEngine, Engine


class Seen:
    """An asynchronous object as one for threads: each call is a task of one loop."""

    def __init__(self, loop: Any, inner: Any) -> None:
        self._loop = loop
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if inspect.iscoroutinefunction(found):
            return partial(self._loop.call, found)
        return Seen(self._loop, found) if name == "queries" else found


@pytest.fixture
def seen(loop: Any) -> Iterator[Callable[..., Engine]]:
    """Opens asynchronous engines that threads can call."""
    opened: list[Any] = []

    async def open_(url: str, **options: Any) -> AsyncEngine:
        return await AsyncEngine.open(url, **options)

    def see(url: str, **options: Any) -> Engine:
        opened.append(Seen(loop, loop.call(open_, url, **options)))
        return cast(Engine, opened[-1])

    yield see
    for engine in opened:
        engine.close()


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest, file: str) -> str:
    """An empty store of each kind."""
    if request.param == "postgres":
        found: str = request.getfixturevalue("log_url")
        return found
    return "memory://" if request.param == "memory" else file
