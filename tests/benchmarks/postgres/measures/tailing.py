"""A reader that follows a log beside writers that dawdle and roll back: what it misses, and what comes out of order."""

from __future__ import annotations

from collections import Counter
from threading import Event, Thread
from time import perf_counter

import psycopg

from mentorcycle.engine.stores.port import StoredRow
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.engine.stores.postgres_schema import init_schema

from ...report import Bar, Row
from ...rounds import Sample
from ..crew import crew
from ..dawdling import Told
from ..site import Bench


def measure(bench: Bench) -> list[Row]:
    bench.server.sql("CREATE DATABASE told")
    url, writers = bench.server.database("told"), bench.effort.processes
    init_schema(url)
    shares = [Told(writer, bench.effort.told // writers) for writer in range(writers)]
    with PostgresStore(url) as store, crew("dawdler", writers, bench.served, url=url) as crew_:
        tail = Tail(store)
        tail.start()
        start = perf_counter()
        written, _ = crew_.turn(shares)
        seen = tail.ended()
        took = perf_counter() - start
    missed, disordered = _judged(url, seen)
    bars = [
        Bar(missed, "missed", most=0, counted=True),
        Bar(disordered, "out of order", most=0, counted=True),
    ]
    title = f"tailing reader beside {writers} writers that dawdle and roll back"
    return [Row(title, written, "/s", Sample((took / max(len(seen), 1),)), bars=bars)]


class Tail:
    """Reads on and on, from the first event to the last that is there when it is told to end."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store
        self._seen: list[StoredRow] = []
        self._done = Event()
        self._thread = Thread(target=self._follow)

    def start(self) -> None:
        self._thread.start()

    def ended(self) -> list[StoredRow]:
        self._done.set()
        self._thread.join()
        return self._seen

    def _follow(self) -> None:
        last = 0
        while True:
            ended = self._done.is_set()
            head = self._store.wait(last, 0.05)
            while rows := self._store.read_log(last, 500):
                self._seen += rows
                last = rows[-1].position
            if ended and last >= head:
                return


def _judged(url: str, seen: list[StoredRow]) -> tuple[int, int]:
    """How many of the events that are committed were missed, and how many came where they do not belong."""
    with psycopg.connect(url) as connection:
        committed = Counter(connection.execute("SELECT stream, version FROM mentorcycle.events").fetchall())
    missed = sum((committed - Counter((row.stream, row.version) for row in seen)).values())
    disordered, versions = 0, Counter[str]()
    for position, row in enumerate(seen, 1):
        if row.position != position or row.version != versions[row.stream] + 1:
            disordered += 1
        versions[row.stream] = row.version
    return missed, disordered
