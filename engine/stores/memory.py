"""The store that lives as long as the process: for trying out, for tests of platforms, for simulations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING

from mentorcycle.domain.errors import CommandReused, Conflict, StoreUnavailable

from .admission import EventTuple, Key, WordsTuple, admit, expectations
from .bell import Bell, head_past
from .clock import Clock, utc_microseconds
from .port import Appended, KnownCommand, NewWords, Slice, StoredRow

if TYPE_CHECKING:
    from .memory_recorder import MemoryLogRecorder

_GLANCE_SECONDS = 1.0


class MemoryStore:
    """A log in lists and dictionaries under one lock; `commits` counts what would be transactions."""

    def __init__(self, *, clock: Clock = utc_microseconds) -> None:
        self.commits = 0
        self.clock = clock
        self._lock = Lock()
        self._bell = Bell()
        self._log: list[StoredRow] = []
        self._streams: dict[Key, list[StoredRow]] = {}
        self._versions: dict[Key, int] = {}
        self._commands: dict[Key, KnownCommand] = {}
        self._words: dict[int, list[WordsTuple]] = {}
        self._closed = False

    def append(self, slice_: Slice) -> Appended:
        """Append atomically; raise `Conflict` or `CommandReused` with nothing written."""
        (outcome,) = self.append_many([slice_])
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def append_many(self, slices: Sequence[Slice]) -> list[Appended | Conflict | CommandReused]:
        """Append all slices in order; each alone is taken or answered with its error."""
        requests = [(slice_, expectations(slice_)) for slice_ in slices]
        with self._lock:
            self._check_open()
            end = len(self._log)
            admitted = admit(requests, self._commands, self._versions, end, self._next_instant())
            self._extend(admitted.events)
            for words in admitted.words:
                self._words.setdefault(words[0], []).append(words)
            self.commits += bool(admitted.commands)
        return admitted.outcomes

    def recorder(self, tenant: str) -> MemoryLogRecorder:
        """The log of one tenant as a recorder of the `eventsourcing` library."""
        from .memory_recorder import MemoryLogRecorder

        return MemoryLogRecorder(self, tenant)

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        """Events of one stream with version > `after` (and position <= `position`), in order."""
        with self._lock:
            self._check_open()
            rows = self._streams.get((tenant, stream), [])
            return [
                row for row in rows if row.version > after and (position is None or row.position <= position)
            ]

    def read_streams(self, tenant: str, streams: Sequence[str]) -> dict[str, list[StoredRow]]:
        """All events of many streams at once; streams without events are present and empty."""
        with self._lock:
            self._check_open()
            return {stream: list(self._streams.get((tenant, stream), ())) for stream in streams}

    def read_log(
        self, after: int, limit: int, *, upto: int | None = None, tenant: str | None = None
    ) -> list[StoredRow]:
        """At most `limit` events with `after` < position (<= `upto`), in order of position."""
        with self._lock:
            self._check_open()
            end = len(self._log) if upto is None else min(upto, len(self._log))
            after = max(after, 0)
            if tenant is None:
                return self._log[after : min(end, after + limit)] if after < end else []
            rows = (self._log[index] for index in range(after, end))
            return list(islice((row for row in rows if row.tenant == tenant), limit))

    def incarnation(self) -> str:
        """Always the same: nothing can take the place of what lives in this process."""
        return ""

    def head(self) -> int:
        """Position of the last event; 0 when there is none."""
        with self._lock:
            self._check_open()
            return len(self._log)

    def position_at(self, recorded_at: int) -> int:
        """Last position recorded at or before that UTC microsecond; 0 when there is none."""
        with self._lock:
            self._check_open()
            return bisect_right(self._log, recorded_at, key=lambda row: row.recorded_at)

    def find_command(self, tenant: str, command_id: str) -> KnownCommand | None:
        """The accepted command of that id."""
        with self._lock:
            self._check_open()
            return self._commands.get((tenant, command_id))

    def read_words(self, tenant: str, stream: str) -> list[NewWords]:
        """All words of one stream, ordered by version and field."""
        with self._lock:
            self._check_open()
            return [
                NewWords(stream, row.version, field, commitment, salt, text)
                for row in self._streams.get((tenant, stream), ())
                for _, field, commitment, salt, text in sorted(self._words.get(row.position, ()))
            ]

    def wait(self, after: int, timeout: float) -> int:
        """Wait at most `timeout` seconds for the head to pass `after`; return the head."""
        return self.wait_unless(after, timeout, lambda: False)

    def wait_unless(self, after: int, timeout: float, stopped: Callable[[], bool]) -> int:
        """`wait`, which also ends when `stopped()` is true after `wake()`."""
        return head_past(self._bell, self.head, after, timeout, stopped, _GLANCE_SECONDS)

    def wake(self) -> None:
        """Let those who wait look again."""
        self._bell.ring()

    def close(self) -> None:
        """End every wait; a second call does nothing."""
        self._closed = True
        self._bell.ring()

    def record(self, tenant: str, events: Sequence[tuple[str, int, str, bytes]]) -> list[int] | None:
        """Add events (stream, version, topic, state) that no command stands for; None if one exists."""
        with self._lock:
            self._check_open()
            keys = {(stream, version) for stream, version, _, _ in events}
            streams = {stream for stream, _ in keys}
            there = {(s, row.version) for s in streams for row in self._streams.get((tenant, s), ())}
            if len(keys) < len(events) or keys & there:
                return None
            end, now = len(self._log), self._next_instant()
            self._extend(
                (end + n, tenant, stream, version, topic, now, state)
                for n, (stream, version, topic, state) in enumerate(events, 1)
            )
            for stream, version in keys:
                key = tenant, stream
                self._versions[key] = max(version, self._versions.get(key, 0))
            return list(range(end + 1, len(self._log) + 1))

    def _next_instant(self) -> int:
        return max(self.clock(), self._log[-1].recorded_at if self._log else 0)

    def _extend(self, events: Iterable[EventTuple]) -> None:
        for row in map(StoredRow._make, events):
            self._log.append(row)
            self._streams.setdefault((row.tenant, row.stream), []).append(row)
        self._bell.ring()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable(
                "the memory store is closed", "it was used after close()", "make a new one"
            )
