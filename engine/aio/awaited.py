"""Makes coroutines of the methods of an object for threads, with their names, parameters, types and documentation.

So no signature is written twice, and none can come to differ.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast, overload

from .runner import Runner

Inner = TypeVar("Inner")
P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Outside(Generic[Inner]):
    """An object on a loop, and the one for threads inside, which its runner runs."""

    def __init__(self, inner: Inner, runner: Runner) -> None:
        self._inner = inner
        self._runner = runner


class Awaited(Protocol[P, T_co]):
    """A method that is a coroutine."""

    @overload
    def __get__(self, outside: None, owner: type) -> Callable[..., Coroutine[Any, Any, T_co]]: ...
    @overload
    def __get__(self, outside: object, owner: type) -> Callable[P, Coroutine[Any, Any, T_co]]: ...


def awaited(method: Callable[Concatenate[Inner, P], T]) -> Awaited[P, T]:
    """The method as a coroutine."""

    @wraps(method)
    async def outer(outside: Outside[Inner], *args: P.args, **kwargs: P.kwargs) -> T:
        return await outside._runner.run(method, outside._inner, *args, **kwargs)

    return cast(Awaited[P, T], outer)


def awaited_write(method: Callable[Concatenate[Inner, P], T]) -> Awaited[P, T]:
    """The same for a method that appends to the log."""

    @wraps(method)
    async def outer(outside: Outside[Inner], *args: P.args, **kwargs: P.kwargs) -> T:
        return await outside._runner.write(method, outside._inner, *args, **kwargs)

    return cast(Awaited[P, T], outer)
