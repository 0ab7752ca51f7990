"""A log to tell facts to, and the read models that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from mentorcycle.domain.actor import Actor
from mentorcycle.domain.events import Event
from mentorcycle.domain.recorded import Recorded
from mentorcycle.engine.codec import encode, to_micros
from mentorcycle.engine.readers import Readers, View
from mentorcycle.engine.stores.memory import MemoryStore
from mentorcycle.engine.stores.port import NewEvent, Slice

Fact = tuple[Any, ...]
"""Stream and event; then, as far as told: the day it happened, who did it, the batch."""


class Told:
    """A log in memory. Facts are recorded at the instant they happened, unless `clock` says otherwise."""

    def __init__(self) -> None:
        self.clock = datetime(2026, 9, 1, tzinfo=UTC)
        self.store = MemoryStore(clock=lambda: to_micros(self.clock))
        self.readers = Readers(self.store)

    def tell(self, *facts: Fact, tenant: str = "default") -> int:
        for fact in facts:
            self._append(tenant, *fact)
        return self.store.head()

    def _append(
        self,
        tenant: str,
        stream: str,
        event: Event,
        day: str | None = None,
        actor: Actor | None = None,
        batch: str | None = None,
    ) -> None:
        at = datetime.fromisoformat(day).replace(tzinfo=UTC) if day else self.clock
        version = len(self.store.read_stream(tenant, stream)) + 1
        who, command = actor or Actor.coordinator(), f"k-{self.store.head() + 1}"
        fact = Recorded(0, tenant, stream, version, self.clock, at, who, command, None, None, batch, event)
        new = NewEvent(stream, version, type(event).topic, encode(fact))
        self.store.append(Slice(tenant, command, b"", {}, [new]))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def after(told: Told) -> Iterator[Callable[..., View]]:
    """`after(*facts)` is the view of read models that know these facts too."""
    with ExitStack() as stack:

        def view(*facts: Fact) -> View:
            told.tell(*facts)
            return stack.enter_context(told.readers.view())

        yield view
