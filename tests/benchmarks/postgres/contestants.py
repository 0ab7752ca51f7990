"""Who takes turns in a crew: our engine, the driver alone and the stock application, each on its own database."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from threading import Event, Thread
from typing import Any, Protocol

import psycopg
from msgpack import packb, unpackb

from mentorcycle.engine import Engine, Settings
from mentorcycle.engine.stores.admission import Request, expectations
from mentorcycle.engine.stores.port import NewEvent, Slice
from mentorcycle.engine.stores.postgres_connections import Connections
from mentorcycle.engine.stores.postgres_schema import DEFAULT_SCHEMA
from mentorcycle.engine.stores.postgres_short_way import write_one
from mentorcycle.engine.stores.postgres_statements import spoken_to

from ..corpus import Pair
from ..lives import COORDINATOR
from ..mix import Act, in_turn
from ..stock import Mentoring, uuid_of
from .dawdling import Dawdler
from .history import COLUMNS
from .stock import open_stock

Work = Callable[[], int]
LONELY = 2_000
EVENT = (
    f"INSERT INTO mentorcycle.events ({', '.join(COLUMNS['events'])})"
    f" VALUES ({', '.join(f'%b::{type_}' for type_ in COLUMNS['events'].values())})"
)


class Contestant(Protocol):
    """Gets ready for a share, and gives the work that is timed."""

    def prepared(self, share: Any) -> Work:
        """The work, which says how many operations it was."""


@dataclass(frozen=True, slots=True)
class Share:
    """Cycles that one process commands."""

    pairs: Sequence[Pair]
    now: datetime


class Ours:
    """`engine.execute`, one command after the other, on states that it has read before."""

    def __init__(self, url: str, now: datetime) -> None:
        self._engine = Engine.open(url, settings=Settings(clock=lambda: now))

    def prepared(self, share: Share) -> Work:
        acts = in_turn(share.pairs, share.now)
        for pair in share.pairs:
            self._engine.cycle(pair.cycle, COORDINATOR)
            for person in (pair.mentee, pair.mentor):
                self._engine.person(person, COORDINATOR)
        return _quietly(lambda: self._execute(acts))

    def _execute(self, acts: Sequence[Act]) -> int:
        execute = self._engine.execute
        for act in acts:
            execute(act.command, act.actor).or_raise()
        return len(acts)


class Raw:
    """One row, one durable commit: rows that ours wrote before, into tables with the same indexes."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def prepared(self, share: Sequence[Sequence[Any]]) -> Work:
        return _quietly(lambda: self._insert(share))

    def _insert(self, rows: Sequence[Sequence[Any]]) -> int:
        execute = self._connection.execute
        for row in rows:
            execute(EVENT, row, prepare=True)
        return len(rows)


class Bare:
    """The statement of our append alone: what remains when nothing is decided and nothing encoded."""

    def __init__(self, url: str) -> None:
        self._connections = Connections(url, schema=DEFAULT_SCHEMA, size=1, patience=30, read_only=False)
        self._connection = self._connections.single()
        self._sql = spoken_to(DEFAULT_SCHEMA)

    def prepared(self, share: Sequence[Sequence[Any]]) -> Work:
        requests = [self._request(row) for row in share]
        return _quietly(lambda: self._append(requests))

    def _request(self, row: Sequence[Any]) -> Request:
        """A command of its own for a stored event, in a stream of its own."""
        _, _, tenant, stream, _, topic, state = row
        id = token_hex(16)
        event = NewEvent(f"{stream}-{id}", 1, topic, state)
        slice_ = Slice(tenant, id, bytes(32), {}, [event], incarnation=self._connections.incarnation)
        return slice_, expectations(slice_)

    def _append(self, requests: Sequence[Request]) -> int:
        for request in requests:
            if write_one(self._connection, self._sql, request, None) is None:
                raise ValueError("a new command was not taken")
        return len(requests)


class Stock:
    """Load, call, save."""

    def __init__(self, url: str) -> None:
        self._app: Mentoring = open_stock(url)
        self._app.repository  # noqa: B018 -- made when it is first asked for

    def prepared(self, share: Share) -> Work:
        acts = in_turn(share.pairs, share.now)
        for pair in share.pairs[:1]:
            self._app.repository.get(uuid_of(pair.cycle))
        return _quietly(lambda: self._record(acts))

    def _record(self, acts: Sequence[Act]) -> int:
        for act in acts:
            self._app.record(act.command.cycle, *act.call)  # type: ignore[attr-defined]
        return len(acts)


class Feeder:
    """A worker on a partitioned read model, told to begin and to end; it works between the turns."""

    def __init__(self, url: str, model: str) -> None:
        self._engine = Engine.open(url)
        self._model = model
        self._running: Callable[[], None] | None = None

    def prepared(self, share: bool) -> Work:
        if share:
            self._begin()
        elif self._running is not None:
            self._running()
            self._running = None
        return lambda: 0

    def _begin(self) -> None:
        told = Event()
        worker = self._engine.worker([self._model], told=lambda _: told.set())
        thread = Thread(target=worker.run)
        thread.start()
        told.wait()

        def end() -> None:
            worker.stop()
            thread.join()

        self._running = end


class Loner:
    """Nothing but processor time, and nothing that it shares with others: what more cores give at best."""

    def prepared(self, share: int) -> Work:
        states = [packb((n, "cycle", {"stage": "focus", "people": ["a", "b"]})) for n in range(LONELY)]
        return _quietly(
            lambda: sum(len({n: rest for n, *rest in map(unpackb, states)}) for _ in range(share))
        )


CONTESTANTS: dict[str, Callable[..., Contestant]] = {
    "ours": Ours,
    "raw": Raw,
    "bare": Bare,
    "stock": Stock,
    "dawdler": Dawdler,
    "feeder": Feeder,
    "loner": Loner,
}


def _quietly(work: Work) -> Work:
    """What was prepared is out of the collector's sight."""
    gc.collect()
    gc.freeze()
    return work
