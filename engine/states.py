"""States of streams, folded from the log and kept between commands.

Nothing is kept before it is durable. Others may have gone on since: who asks `load` gets what they appended, who
takes a kept state has it checked. When a backup takes the place of the log, what was kept of the old one is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mentorcycle.domain.change import change
from mentorcycle.domain.cycle import Cycle, evolve
from mentorcycle.domain.errors import HistoryUnreadable
from mentorcycle.domain.people import Person, evolve_person
from mentorcycle.domain.programme import Programme, evolve_programme
from mentorcycle.domain.recorded import Recorded

from .codec import decode
from .stores.port import StoredRow, Streams

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


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of one incarnation of the log, and of no other."""

    incarnation: str
    states: dict[str, State] = field(default_factory=dict)


class States:
    """Present states of one tenant's streams. Threads may share it."""

    def __init__(self, store: Streams, tenant: str, most: int, incarnation: str | None = None) -> None:
        self._store = store
        self._tenant = tenant
        self._most = most
        self._kept = _Kept(store.incarnation() if incarnation is None else incarnation)

    @property
    def incarnation(self) -> str:
        """The log that states are kept of, as far as is known."""
        return self._kept.incarnation

    def begin(self, *, trusting: bool) -> str:
        """The log that a decision is taken on from here on, known without asking when `trusting`."""
        if not trusting:
            self._is_of_the_log(self._kept)
        return self._kept.incarnation

    def load(self, stream: str) -> State:
        """The state as of now."""
        while True:
            kept = self._kept
            known = kept.states.get(stream)
            rows = self._store.read_stream(self._tenant, stream, after=known.version if known else 0)
            if self._is_of_the_log(kept):  # asked after reading, so both are of one log
                break
        if not rows and known is not None:
            return known
        state = replayed(stream, rows, known)
        if rows:
            self._keep(kept, stream, state)
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
        return self._kept.states.get(stream)

    def kept_of(self, incarnation: str, stream: str) -> State | None:
        """The same, if it is of this log."""
        kept = self._kept
        return kept.states.get(stream) if kept.incarnation == incarnation else None

    def keep(self, stream: str, state: State, incarnation: str | None) -> None:
        """Keep a state that is durable in a log, unless another log is known to have taken its place."""
        kept = self._kept
        if kept.incarnation == incarnation:
            self._keep(kept, stream, state)

    def _keep(self, among: _Kept, stream: str, state: State) -> None:
        kept = among.states
        kept.pop(stream, None)
        while len(kept) >= self._most:
            try:
                del kept[next(iter(kept))]
            except (StopIteration, KeyError, RuntimeError):  # another thread makes room as well
                break
        kept[stream] = state

    def _is_of_the_log(self, kept: _Kept) -> bool:
        """Whether the log is still the one these states are of; if not, nothing is kept from here on."""
        incarnation = self._store.incarnation()
        if incarnation == kept.incarnation:
            return True
        if self._kept is kept:
            self._kept = _Kept(incarnation)
        return False


class StatesWithin(States):
    """States as a transaction that is not ours sees them: read anew each time, for any part of it may be taken back.

    What was durable before is where the reading begins: `durable` are states of the same log.
    """

    def __init__(self, log: Streams, tenant: str, durable: States) -> None:
        super().__init__(log, tenant, 0, durable.incarnation)
        self._durable = durable

    def load(self, stream: str) -> State:
        """The state as of now, within the transaction."""
        known = self._durable.kept_of(self._store.incarnation(), stream)
        rows = self._store.read_stream(self._tenant, stream, after=known.version if known else 0)
        return known if known is not None and not rows else replayed(stream, rows, known)

    def kept(self, stream: str) -> None:
        """Nothing is kept."""
