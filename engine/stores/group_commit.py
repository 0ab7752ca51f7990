"""Lets threads that write at the same time share one commit, without sleeping and without a thread.

The first to come leads: it commits for everybody who joined by then. Knows nothing of what is committed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Condition, Lock
from typing import Generic, TypeAlias, TypeVar

Request = TypeVar("Request")
Result = TypeVar("Result")
Drain: TypeAlias = Callable[[], list[Request]]


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Request, Result]):
    request: Request
    done: bool = False
    result: Result | None = None
    error: Exception | None = None


class GroupCommit(Generic[Request, Result]):
    """`commit(drain, deadline)` calls `drain()` once, when it is ready to write, and answers each request.

    What it raises after draining is raised for every request drained, and before, for the leader alone.
    When a leader is interrupted (Ctrl-C), the others commit their requests again, each in its own
    thread: requests must be safe to repeat.
    """

    def __init__(self, commit: Callable[[Drain[Request], float], list[Result]]) -> None:
        self._commit = commit
        self._changed = Condition(Lock())
        self._waiting: list[_Ticket[Request, Result]] = []
        self._led = False

    def submit(self, request: Request, deadline: float) -> Result:
        """Have one request committed, by this thread or together with others."""
        ticket: _Ticket[Request, Result] = _Ticket(request)
        leading = False
        try:
            with self._changed:
                self._waiting.append(ticket)
                while self._led and not ticket.done:
                    self._changed.wait(1.0)  # woken before, unless an interrupt hit the leader's `finally`
                if not ticket.done:
                    leading = self._led = True  # from left to right, and no interrupt comes between
            if leading:
                self._lead(ticket, deadline)
        finally:
            if leading:
                self._led = False
            if leading or not ticket.done:
                with self._changed:
                    if not ticket.done:
                        self._forget(ticket)
                    self._changed.notify_all()
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]  # set together with `done`

    def _lead(self, own: _Ticket[Request, Result], deadline: float) -> None:
        batch: list[_Ticket[Request, Result]] = []

        def drain() -> list[Request]:
            with self._changed:
                batch.extend(self._waiting)
                self._waiting.clear()
            if own not in batch:  # a leader before us took it and was interrupted
                batch.append(own)
            return [ticket.request for ticket in batch]

        try:
            results = self._commit(drain, deadline)
        except Exception as error:
            with self._changed:
                self._forget(own)
            for ticket in batch or [own]:
                ticket.error = error
                ticket.done = True
        else:
            for ticket, result in zip(batch, results, strict=True):
                ticket.result = result
                ticket.done = True

    def _forget(self, ticket: _Ticket[Request, Result]) -> None:
        with suppress(ValueError):
            self._waiting.remove(ticket)
