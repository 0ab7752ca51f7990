"""Lets threads or tasks that write at the same time share one commit, without sleeping and without a thread.

The first to come leads: it commits for everybody who joined by then. Knows nothing of what is committed.
Uses plain locks for the reason that `bell` gives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock as ThreadLock
from time import monotonic
from typing import Generic, TypeAlias, TypeVar

from .pace import THREADS, Lock, Pace

Request = TypeVar("Request")
Result = TypeVar("Result")
Drain: TypeAlias = Callable[[], list[Request]]

_GLANCE_SECONDS = 1.0  # a wake-up is lost only when a leader is interrupted twice


@dataclass(slots=True, eq=False)
class _Ticket(Generic[Request, Result]):
    request: Request
    asleep: Lock
    taken: bool = False
    done: bool = False
    result: Result | None = None
    error: Exception | None = None

    def wake(self) -> None:
        """Only with the lock of the group: two wake-ups are as good as one."""
        if self.asleep.locked():
            self.asleep.release()


class GroupCommit(Generic[Request, Result]):
    """`commit(drain, deadline)` calls `drain()` once, when it is ready to write, and answers each request.

    What it raises after draining is raised for every request drained, and before, for the leader alone.
    When a leader is interrupted (by Ctrl-C, or because its task is cancelled), the others commit their requests
    again, each in its own thread or task: requests must be safe to repeat. One of those who waited leads next, or
    somebody who comes back at once, to be interrupted again, would hold up everybody.
    """

    def __init__(self, commit: Callable[[Drain[Request], float], list[Result]], pace: Pace = THREADS) -> None:
        self._commit = commit
        self._pace = pace
        self._lock = ThreadLock()
        self._waiting: list[_Ticket[Request, Result]] = []
        self._led = False
        self._heir: _Ticket[Request, Result] | None = None
        self._inherits_until = 0.0  # an heir may have been interrupted too

    def submit(self, request: Request, deadline: float) -> Result:
        """Have one request committed, alone or together with others."""
        ticket: _Ticket[Request, Result] = _Ticket(request, self._pace.lock())
        leading = False
        try:
            while not (leading or ticket.done):
                with self._lock:
                    if not self._led and self._may_lead(ticket):
                        leading = self._led = True  # from left to right, and no interrupt comes between
                    elif not (ticket.taken or ticket in self._waiting):
                        ticket.asleep.acquire(blocking=False)
                        self._waiting.append(ticket)
                if not leading:
                    ticket.asleep.acquire(timeout=_GLANCE_SECONDS)
            if leading:
                self._lead(ticket, deadline)
        finally:
            if leading:
                self._led = False
            if leading or not ticket.done:
                self._leave(ticket)
        if ticket.error is not None:
            raise ticket.error
        return ticket.result  # type: ignore[return-value]  # set together with `done`

    def _lead(self, own: _Ticket[Request, Result], deadline: float) -> None:
        batch = [own]
        self._heir = None

        def drain() -> list[Request]:
            with self._lock:
                joined = [ticket for ticket in self._waiting if ticket is not own and not ticket.done]
                self._waiting.clear()
                for ticket in joined:
                    ticket.taken = True
                batch.extend(joined)
            return [ticket.request for ticket in batch]

        try:
            results = self._commit(drain, deadline)
            for ticket, result in zip(batch, results, strict=True):
                ticket.result = result
                ticket.done = True
        except Exception as error:
            for ticket in batch:
                ticket.error = error
                ticket.done = True
        finally:
            with self._lock:
                for ticket in batch:
                    ticket.taken = False
                    ticket.wake()
                if not own.done:
                    self._heir = next(iter([*batch[1:], *self._waiting]), None)
                    self._inherits_until = monotonic() + _GLANCE_SECONDS

    def _may_lead(self, ticket: _Ticket[Request, Result]) -> bool:
        return self._heir is None or self._heir is ticket or monotonic() > self._inherits_until

    def _leave(self, own: _Ticket[Request, Result]) -> None:
        """Give the lead to the next who waits."""
        with self._lock:
            if own in self._waiting:
                self._waiting.remove(own)
            if self._heir is own:
                self._heir = None
            following = self._heir or next(iter(self._waiting), None)
            if following is not None:
                following.wake()
