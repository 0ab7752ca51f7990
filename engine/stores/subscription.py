"""A subscription of the `eventsourcing` library to a log: reads, and waits when there is nothing to read.

Not for the engine's own subscribers, who take decoded events from `mentorcycle.engine.subscription`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from eventsourcing.persistence import ApplicationRecorder, Notification, Subscription

_PAGE = 500
_GLANCE_SECONDS = 5.0  # stop() wakes us; this is for a stop that could not


class Waiting(Protocol):
    """The part of a log that a subscription needs."""

    def head(self) -> int:
        """Position of the last event."""

    def wait_unless(self, after: int, timeout: float, stopped: Callable[[], bool]) -> int:
        """Wait for the head to pass `after`, or for `stopped()` to be true after `wake()`."""

    def wake(self) -> None:
        """Let those who wait look again."""


class LogSubscription(Subscription[ApplicationRecorder]):
    """Iterating waits for the next event; `stop` from another thread ends it.

    Progress is the position looked at, not the last that matched `topics`.
    """

    def __init__(
        self, recorder: ApplicationRecorder, log: Waiting, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._log = log
        self._position = gt or 0
        self._read: deque[Notification] = deque()

    def stop(self) -> None:
        super().stop()
        self._log.wake()

    def __next__(self) -> Notification:
        while not self._has_been_stopped:
            if self._read:
                return self._read.popleft()
            head = self._log.wait_unless(self._position, _GLANCE_SECONDS, lambda: self._has_been_stopped)
            if head > self._position:
                self._read.extend(
                    self._recorder.select_notifications(
                        self._position, _PAGE, head, self._topics, inclusive_of_start=False
                    )
                )
                self._position = self._read[-1].id if len(self._read) == _PAGE else head
        raise StopIteration


class Subscribable(ApplicationRecorder):
    """What makes a recorder of a log one that can be subscribed to."""

    _store: Waiting

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return LogSubscription(self, self._store, gt, topics)
