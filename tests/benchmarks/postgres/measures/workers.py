"""Two workers on the parts of one read model, and one: how long from new events to rows that know all of them."""

from __future__ import annotations

import os
from contextlib import ExitStack
from time import perf_counter, sleep

from mentorcycle.engine.readers import Readers
from mentorcycle.engine.stores.postgres import PostgresStore
from mentorcycle.projections import MODELS

from ...report import Bar, Row
from ...rounds import Turn, rounds
from ..crew import Crew, crew
from ..site import Bench

GLANCE_SECONDS = 0.01


def measure(bench: Bench) -> list[Row]:
    model = next(model for model in MODELS if model.parts > 1)
    url, effort = bench.coming.url, bench.effort
    assert bench.coming.feed
    with ExitStack() as stack:
        store = stack.enter_context(PostgresStore(url))
        work = Work(bench, Readers(store, models=[model]))
        crews = [
            stack.enter_context(crew("feeder", 1, bench.served, url=url, model=model.name)) for _ in range(2)
        ]
        for one in crews:
            stack.callback(one.turn, [False])
        one, other = crews
        one.turn([True])
        turns: dict[str, Turn] = {
            "one": lambda _: work.shared_by([one]),
            "two": lambda _: work.shared_by([one, other]),
        }
        turns["two"](-1)
        found = rounds(effort.worked_rounds, turns)
        log = store.head()
    title = f"read model `{model.name}` in {model.parts} parts, {effort.worked:,} events behind"
    cores = os.cpu_count() or 1
    bars = [
        Bar(found["two"].faster_than(found["one"]), "one worker", least=1.6),
        Bar(work.busy(2), f"a core busy, of {cores}"),
        Bar(work.busy(1), "a core busy with one"),
    ]
    return [Row(f"{title}, two workers", log, "/s", found["two"], bars=bars)]


class Work:
    """Gives workers something to do, and waits until it is done."""

    def __init__(self, bench: Bench, readers: Readers) -> None:
        self._seconds: dict[int, list[float]] = {}
        self._bench = bench
        self._readers = readers
        self._readers.catch_up()

    def shared_by(self, crews: list[Crew]) -> tuple[int, float]:
        """Take the others off, wait until these have shared the parts out, and let events happen."""
        for crew_ in crews[1:]:
            crew_.turn([True])
        try:
            return self._caught_up(crews)
        finally:
            for crew_ in crews[1:]:
                crew_.turn([False])

    def busy(self, workers: int) -> float:
        """How many cores so many workers, and the server for them, kept busy in the end."""
        busy, took = self._seconds[workers]
        return busy / took

    def _caught_up(self, crews: list[Crew]) -> tuple[int, float]:
        self._until_shared_by(len(crews))
        before = self._readers.store.head()
        head = self._bench.coming.feed.more(self._bench.effort.worked)
        spent = self._spent(crews)
        start = perf_counter()
        while not all(one.ready(head) for one in self._readers.lineups()):
            sleep(GLANCE_SECONDS)
        took = perf_counter() - start
        self._seconds[len(crews)] = [self._spent(crews) - spent, took]
        return head - before, took

    def _spent(self, crews: list[Crew]) -> float:
        return self._bench.served() + sum(crew_.taken() for crew_ in crews)

    def _until_shared_by(self, workers: int) -> None:
        while True:
            seen = self._readers.working()
            owners = {unit.owner for unit in seen.units}
            if None not in owners and len(owners) == len(seen.workers) == workers:
                return
            sleep(GLANCE_SECONDS)
