"""The states that a verification goes on from: those of the streams that were last touched, the others folded again.

Most streams of a long log have ended; what is kept does not grow with it.
"""

from __future__ import annotations

from contextlib import suppress

from .codec import decode
from .states import State, nothing, refolded
from .stores.port import Log, StoredRow


class RecentStates:
    """At most `most` states by tenant and stream; reading the log again stands in for the others."""

    def __init__(self, store: Log, most: int) -> None:
        self._store = store
        self._most = most
        self._kept: dict[tuple[str, str], State] = {}
        self._dropped = False

    def __len__(self) -> int:
        return len(self._kept)

    def before(self, row: StoredRow) -> State:
        """The state of a stream before one of its events; raises KeyError for a stream of no kind."""
        state = self._kept.get((row.tenant, row.stream))
        if state is None:
            state = nothing(row.stream)
            if self._dropped:
                state = self._again(row, state)
        return state

    def keep(self, row: StoredRow, state: State) -> None:
        """The state after an event."""
        key = row.tenant, row.stream
        self._kept.pop(key, None)
        self._kept[key] = state
        if len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
            self._dropped = True

    def _again(self, row: StoredRow, state: State) -> State:
        rows = self._store.read_stream(row.tenant, row.stream, position=row.position - 1)
        for earlier in sorted(rows):  # as they were checked: by position, also where versions are in disorder
            with suppress(Exception):  # named when it was checked
                state = refolded(state, decode(earlier), earlier)
        return state
