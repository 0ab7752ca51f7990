"""How tasks wait for each other: their event loop goes on meanwhile. Only for what runs in a `bridge`.

Everything here is of one thread, so nothing happens between two lines that do not wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType

from greenlet import getcurrent

from ..stores.pace import Companion, Lock, Pace
from . import bridge


class TaskLock:
    """What `threading.Lock` is, for tasks of one loop: first come, first served."""

    __slots__ = ("_held", "_queue")

    def __init__(self) -> None:
        self._held = False
        self._queue: deque[asyncio.Future[bool]] = deque()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it, waiting at most `timeout` seconds (-1: for ever); whether it was had."""
        if not self._held:
            self._held = True
            return True
        return blocking and self._wait(timeout)

    def release(self) -> None:
        """Give it to who has waited longest."""
        if not self._held:
            raise RuntimeError("release unlocked lock")
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self._held = False

    def locked(self) -> bool:
        """Whether somebody has it."""
        return self._held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _wait(self, timeout: float) -> bool:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[bool] = loop.create_future()
        self._queue.append(turn)
        late = loop.call_later(timeout, _give_up, turn) if timeout >= 0 else None
        try:
            return bridge.wait_for(turn)
        except BaseException:
            if self._held and turn.done() and not turn.cancelled() and turn.result():
                self.release()  # it came together with what interrupts us, and nobody has released it since
            raise
        finally:
            turn.cancel()
            if late is not None:
                late.cancel()


class TaskRLock:
    """A lock that the call which has it may take again."""

    __slots__ = ("_lock", "_owner", "_times")

    def __init__(self) -> None:
        self._lock = TaskLock()
        self._owner: object = None
        self._times = 0

    def __enter__(self) -> bool:
        me = getcurrent()
        if self._owner is not me:
            self._lock.acquire()
            self._owner = me
        self._times += 1
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._times -= 1
        if not self._times:
            self._owner = None
            self._lock.release()


class _Beside:
    """A task that nobody awaits."""

    def __init__(self, work: Callable[[], None], name: str) -> None:
        self._task = asyncio.create_task(_in_bridge(work), name=name)

    def join(self) -> None:
        """Wait for its end."""
        bridge.wait_for(asyncio.wait([self._task]))


async def _in_bridge(work: Callable[[], None]) -> None:
    await bridge.run(work)


def _give_up(turn: asyncio.Future[bool]) -> None:
    if not turn.done():
        turn.set_result(False)


class _OfTasks:
    """Tasks wait, and their loop lets others go on."""

    def lock(self) -> Lock:
        return TaskLock()

    def rlock(self) -> AbstractContextManager[object]:
        return TaskRLock()

    def sleep(self, seconds: float) -> None:
        bridge.wait_for(asyncio.sleep(seconds))

    def breathe(self) -> None:
        bridge.breathe()

    def start(self, work: Callable[[], None], name: str) -> Companion:
        return _Beside(work, name)


TASKS: Pace = _OfTasks()
