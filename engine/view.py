"""The states that decisions are taken on: read once, or assumed as they were kept, and carried on from one to the next.

What is assumed is checked: by the append, or before a refusal is believed. So is that all of it is of the log that
is there: a backup may have been put in its place.
"""

from __future__ import annotations

from collections.abc import Iterable

from mentorcycle.domain.change import change

from .decider import Ready
from .states import State, States


class View:
    """States as one decision after the other sees them: those of the log, and on top what the decisions lead to.

    A `trusting` view starts from kept states without asking the log whether they are the newest: for decisions
    that an append will check. What refuses must be confirmed.
    """

    def __init__(self, states: States, *, trusting: bool) -> None:
        self._states = states
        self._incarnation = states.begin(trusting=trusting)
        self._trusting = trusting
        self._seen: dict[str, State] = {}
        self._assumed: set[str] = set()
        self._pending: dict[str, str] = {}
        self._read: list[str] = []

    def begin(self) -> None:
        """From here on is the next decision."""
        self._read = []

    def load(self, stream: str) -> State:
        """The state as the decision sees it."""
        self._read.append(stream)
        state = self._seen.get(stream)
        if state is None:
            state = self._seen[stream] = self._assume(stream) or self._states.load(stream)
        return state

    def prefetch(self, streams: Iterable[str]) -> None:
        """Read in one go what decisions will ask for."""
        wanted = dict.fromkeys(stream for stream in streams if stream not in self._seen)
        missing = [stream for stream in wanted if self._assume(stream) is None]
        if missing:
            self._seen.update(self._states.load_many(missing))

    def add(self, decision: Ready) -> None:
        """Go on from the states that a decision leads to."""
        self._seen.update(decision.after)
        self._pending.update(dict.fromkeys(decision.after, decision.slice.command_id))

    def founded(self, decision: Ready) -> Ready:
        """The decision, bound to its log, and to those before it whose states it has read: they are not durable yet."""
        pending = self._pending
        after = (
            tuple({pending[stream]: None for stream in self._read if stream in pending}) if pending else ()
        )
        decision.slice = change(decision.slice, after=after, incarnation=self._incarnation)
        return decision

    def confirm(self) -> bool:
        """Whether the log has the states that the decision has read, as far as they are not pending.

        Those it does not have are loaded anew; all of them, once another log has taken its place.
        """
        holds = True
        for stream in self._assumed.intersection(self._read):
            self._assumed.discard(stream)
            if stream not in self._pending:
                fresh = self._states.load(stream)
                holds = holds and fresh.version == self._seen[stream].version
                self._seen[stream] = fresh
        if self._states.incarnation != self._incarnation:
            self._incarnation = self._states.begin(trusting=True)
            self._seen.clear()
            self._assumed.clear()
            self._pending.clear()
            return False
        return holds

    def _assume(self, stream: str) -> State | None:
        state = self._states.kept(stream) if self._trusting else None
        if state is not None:
            self._seen[stream] = state
            self._assumed.add(stream)
        return state
