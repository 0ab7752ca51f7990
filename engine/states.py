"""States of streams, folded from the log and kept between commands.

Nothing is kept before it is durable. Others may have gone on since: who asks `load` gets what they appended, who
takes a kept state has it checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from mentorcycle.domain.change import change
from mentorcycle.domain.cycle import Cycle, evolve
from mentorcycle.domain.errors import HistoryUnreadable
from mentorcycle.domain.people import Person, evolve_person
from mentorcycle.domain.programme import Programme, evolve_programme
from mentorcycle.domain.recorded import Recorded

from .codec import decode
from .stores.port import Store, StoredRow

State = Cycle | Person | Programme
Load = Callable[[str], State]


_NOTHING: dict[str, State] = {"cycle": Cycle(), "person": Person(), "programme": Programme()}
_FOLDS: dict[type[State], Callable[[Any, Recorded[Any]], State]] = {
    Cycle: evolve,
    Person: evolve_person,
    Programme: evolve_programme,
}


def nothing(stream: str) -> State:
    """The state of a stream without events; it knows its id. Raises KeyError for another kind of stream."""
    kind, _, subject = stream.partition(":")
    return change(_NOTHING[kind], id=subject)


def folded(state: State, recorded: Recorded[Any]) -> State:
    """The state after one more event of its stream."""
    return _FOLDS[type(state)](state, recorded)


def replayed(stream: str, rows: Iterable[StoredRow], state: State | None = None) -> State:
    """The state after stored rows of one stream, from `state` or from nothing; raise `HistoryUnreadable`."""
    now = nothing(stream) if state is None else state
    for row in rows:
        now = refolded(now, decode(row), row)
    return now


def refolded(state: State, recorded: Recorded[Any], row: StoredRow) -> State:
    """`folded` for an event from a store; raise `HistoryUnreadable` for one that has no place in its stream."""
    try:
        return folded(state, recorded)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        why = f"it does not belong where it is in {row.stream} ({type(error).__name__})"
        raise HistoryUnreadable(row.position, row.topic, why) from None


class States:
    """Present states of one tenant's streams. Threads may share it."""

    def __init__(self, store: Store, tenant: str, most: int) -> None:
        self._store = store
        self._tenant = tenant
        self._most = most
        self._kept: dict[str, State] = {}

    def load(self, stream: str) -> State:
        """The state as of now."""
        kept = self._kept.get(stream)
        rows = self._store.read_stream(self._tenant, stream, after=kept.version if kept else 0)
        if not rows and kept is not None:
            return kept
        state = replayed(stream, rows, kept)
        if rows:
            self.keep(stream, state)
        return state

    def load_many(self, streams: Sequence[str]) -> dict[str, State]:
        """The states as of now, read in one go; without those that cannot be read, of which `load` says why."""
        states: dict[str, State] = {}
        for stream, rows in self._store.read_streams(self._tenant, streams).items():
            with suppress(HistoryUnreadable):
                states[stream] = replayed(stream, rows)
        return states

    def load_at(self, position: int) -> Load:
        """How to load the states as they were at a position of the log."""
        return lambda stream: replayed(
            stream, self._store.read_stream(self._tenant, stream, position=position)
        )

    def kept(self, stream: str) -> State | None:
        """A state that was durable once; others may have gone on since."""
        return self._kept.get(stream)

    def keep(self, stream: str, state: State) -> None:
        """Keep a state that is durable."""
        kept = self._kept
        kept.pop(stream, None)
        while len(kept) >= self._most:
            try:
                del kept[next(iter(kept))]
            except (StopIteration, KeyError, RuntimeError):  # another thread makes room as well
                break
        kept[stream] = state
