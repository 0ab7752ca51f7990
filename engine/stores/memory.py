"""The store that lives as long as the process: for trying out, for tests of platforms, for simulations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from threading import Condition
from time import monotonic

from mentorcycle.domain.errors import CommandReused, Conflict, StoreUnavailable

from .admission import Key, admit, expectations
from .port import Appended, KnownCommand, NewWords, Slice, StoredRow
from .sqlite import utc_microseconds


class MemoryStore:
    """A log in lists and dictionaries under one lock."""

    def __init__(self, *, clock: Callable[[], int] = utc_microseconds) -> None:
        self.commits = 0
        self._clock = clock
        self._grown = Condition()
        self._log: list[StoredRow] = []
        self._streams: dict[Key, list[StoredRow]] = {}
        self._versions: dict[Key, int] = {}
        self._commands: dict[Key, KnownCommand] = {}
        self._words: dict[Key, list[NewWords]] = {}
        self._closed = False

    def append(self, slice_: Slice) -> Appended:
        """Append atomically; raise `Conflict` or `CommandReused` with nothing written."""
        (outcome,) = self.append_many([slice_])
        if isinstance(outcome, Appended):
            return outcome
        raise outcome

    def append_many(self, slices: Sequence[Slice]) -> list[Appended | Conflict | CommandReused]:
        """Append all slices in order; each alone is taken or answered with its error."""
        wanted = [expectations(slice_) for slice_ in slices]
        with self._grown:
            self._check_open()
            recorded_at = max(self._clock(), self._log[-1].recorded_at if self._log else 0)
            admitted = admit(slices, wanted, self._commands, self._versions, len(self._log), recorded_at)
            for row in map(StoredRow._make, admitted.events):
                self._log.append(row)
                self._streams.setdefault((row.tenant, row.stream), []).append(row)
            for slice_, outcome in zip(slices, admitted.outcomes, strict=True):
                if slice_.words and isinstance(outcome, Appended) and not outcome.repeated:
                    for words in slice_.words:
                        self._words.setdefault((slice_.tenant, words.stream), []).append(words)
            if admitted.commands:
                self.commits += 1
                self._grown.notify_all()
        return admitted.outcomes

    def read_stream(
        self, tenant: str, stream: str, *, after: int = 0, position: int | None = None
    ) -> list[StoredRow]:
        """Events of one stream with version > `after` (and position <= `position`), in order."""
        with self._grown:
            self._check_open()
            rows = self._streams.get((tenant, stream), [])
            return [
                row for row in rows if row.version > after and (position is None or row.position <= position)
            ]

    def read_streams(self, tenant: str, streams: Sequence[str]) -> dict[str, list[StoredRow]]:
        """All events of many streams at once; streams without events are present and empty."""
        with self._grown:
            self._check_open()
            return {stream: list(self._streams.get((tenant, stream), ())) for stream in streams}

    def read_log(
        self, after: int, limit: int, *, upto: int | None = None, tenant: str | None = None
    ) -> list[StoredRow]:
        """At most `limit` events with `after` < position (<= `upto`), in order of position."""
        with self._grown:
            self._check_open()
            end = len(self._log) if upto is None else upto
            if tenant is None:
                end = min(end, after + limit)
                return self._log[max(after, 0) : max(end, 0)]
            rows = (row for row in self._log[max(after, 0) : max(end, 0)] if row.tenant == tenant)
            return [row for row, _ in zip(rows, range(limit), strict=False)]

    def head(self) -> int:
        """Position of the last event; 0 when there is none."""
        with self._grown:
            self._check_open()
            return len(self._log)

    def position_at(self, recorded_at: int) -> int:
        """Last position recorded at or before that UTC microsecond; 0 when there is none."""
        with self._grown:
            self._check_open()
            return bisect_right(self._log, recorded_at, key=lambda row: row.recorded_at)

    def find_command(self, tenant: str, command_id: str) -> KnownCommand | None:
        """The accepted command of that id."""
        with self._grown:
            self._check_open()
            return self._commands.get((tenant, command_id))

    def read_words(self, tenant: str, stream: str) -> list[NewWords]:
        """All words of one stream, ordered by version and field."""
        with self._grown:
            self._check_open()
            words = self._words.get((tenant, stream), [])
            return sorted(words, key=lambda word: (word.version, word.field))

    def wait(self, after: int, timeout: float) -> int:
        """Wait at most `timeout` seconds for the head to pass `after`; return the head."""
        deadline = monotonic() + timeout
        with self._grown:
            while True:
                self._check_open()
                left = deadline - monotonic()
                if len(self._log) > after or left <= 0:
                    return len(self._log)
                self._grown.wait(left)

    def close(self) -> None:
        """End every wait; a second call does nothing."""
        with self._grown:
            self._closed = True
            self._grown.notify_all()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreUnavailable(
                "the memory store is closed", "it was used after close()", "make a new one"
            )
